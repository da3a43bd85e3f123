/** One labeling job: what can be done with it, and a tab for each side of it, loaded when it is first opened. */

import Spinner from "@cloudscape-design/components/spinner";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import { type ComponentType, lazy, type LazyExoticComponent, type ReactNode, Suspense } from "react";
import { useLocation } from "wouter";
import { type LabelingJobTexts, labelingJobTexts } from "../../languages/labeling-job";
import { addresses, href } from "../shell/addresses";
import { useConsole, useMe, useStanding } from "../shell/console";
import { NoPage } from "../shell/no-page";
import { Page, projectPath } from "../shell/page";
import type { PageParameters } from "../shell/pages";
import { Status } from "../shell/status";
import { ActionsMenu } from "./actions/actions-menu";
import { isLaunched, isOnBuiltIn, maySteer, type Person } from "./allowed";
import { type LabelingJob, useLabelingJob } from "./job";
import { Hints } from "./hints";

export interface TabProps {
  readonly job: LabelingJob;
  readonly person: Person;
}

interface JobTab {
  readonly title: (words: LabelingJobTexts) => string;
  readonly content: LazyExoticComponent<ComponentType<TabProps>>;
  /** Whether there is anything to see for this person; the first tab always is. */
  readonly isShown?: (job: LabelingJob, person: Person) => boolean;
}

/** By the last part of the address. */
const TABS: Readonly<Record<string, JobTab>> = {
  overview: { title: (words) => words.overview, content: lazy(() => import("./overview/overview-tab")) },
  results: { title: (words) => words.results, content: lazy(() => import("./results/results-tab")), isShown: isLaunched },
  quality: {
    title: (words) => words.quality,
    content: lazy(() => import("./quality/quality-tab")),
    isShown: isOnBuiltIn,
  },
  preview: { title: (words) => words.preview, content: lazy(() => import("./preview-tab")), isShown: (job) => job.task_type != null },
  "put-aside": {
    title: (words) => words.putAside,
    content: lazy(() => import("./put-aside-tab")),
    isShown: (job, person) => maySteer(job, person),
  },
  exports: { title: (words) => words.outputAndExports, content: lazy(() => import("./exports-tab")), isShown: isLaunched },
};

export default function LabelingJobPage({ parameters }: { readonly parameters: PageParameters }): ReactNode {
  const { project = "", job: name = "", tab = "overview" } = parameters;
  const words = labelingJobTexts();
  const { data: job, error, refetch } = useLabelingJob(project, name);
  const person = usePerson(project);
  if (!(tab in TABS)) return <NoPage />;
  const path = projectPath(project, { text: name, href: href(addresses.labelingJob(project, name)) });
  return (
    <Page
      title={name}
      path={path}
      info={job && <Status status={job.status} />}
      description={job?.description ?? undefined}
      actions={job && person && <ActionsMenu job={job} person={person} />}
      error={error}
      onRetry={() => void refetch()}
    >
      {job && person ? <Content job={job} person={person} chosen={tab} words={words} /> : !error && <Spinner size="large" />}
    </Page>
  );
}

interface ContentProps extends TabProps {
  readonly chosen: string;
  readonly words: LabelingJobTexts;
}

function Content({ job, person, chosen, words }: ContentProps): ReactNode {
  const [, navigate] = useLocation();
  const address = (tab: string): string => (tab === "overview" ? addresses.labelingJob(job.project, job.name) : addresses.labelingJobTab(job.project, job.name, tab));
  const shown = Object.entries(TABS).filter(([, { isShown }]) => isShown?.(job, person) ?? true);
  return (
    <SpaceBetween size="l">
      <Hints job={job} />
      <Tabs
        ariaLabel={words.tabs}
        activeTabId={shown.some(([tab]) => tab === chosen) ? chosen : "overview"}
        onChange={({ detail }) => navigate(address(detail.activeTabId))}
        tabs={shown.map(([tab, { title, content: Tab }]) => ({
          id: tab,
          label: title(words),
          href: href(address(tab)),
          content: (
            <Suspense fallback={<Spinner size="large" />}>
              <Tab job={job} person={person} />
            </Suspense>
          ),
        }))}
      />
    </SpaceBetween>
  );
}

function usePerson(project: string): Person | undefined {
  const { session } = useConsole();
  const standing = useStanding(project);
  const isKnown = useMe() !== undefined;
  return isKnown ? { ...standing, username: session.username } : undefined;
}
