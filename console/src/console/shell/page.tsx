/** One page: its heading, what was refused, and its content; with the path to it and the browser's title. */

import type { BreadcrumbGroupProps } from "@cloudscape-design/components/breadcrumb-group";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { createContext, type ReactNode, useContext, useEffect } from "react";
import { addresses, href } from "./addresses";
import { ProblemAlert } from "./problems";
import { shellTexts } from "../../languages/shell";

export type Crumb = BreadcrumbGroupProps.Item;

/** Where a page tells the shell the path to it. */
export const PathContext = createContext<(path: readonly Crumb[]) => void>(() => undefined);

/** The path of a project's pages: all projects, the project, and what follows. */
export function projectPath(project: string, ...rest: readonly Crumb[]): Crumb[] {
  return [
    { text: shellTexts().projects, href: href(addresses.projects()) },
    { text: project, href: href(addresses.labelingJobs(project)) },
    ...rest,
  ];
}

interface PageProps {
  readonly title: string;
  readonly path: readonly Crumb[];
  readonly description?: ReactNode;
  /** Such as the number of items: "(12)". */
  readonly counter?: string;
  readonly actions?: ReactNode;
  readonly info?: ReactNode;
  /** What kept the page from being read. */
  readonly error?: unknown;
  readonly onRetry?: () => void;
  readonly children?: ReactNode;
}

export function Page({ title, path, description, counter, actions, info, error, onRetry, children }: PageProps): ReactNode {
  const tellPath = useContext(PathContext);
  const told = JSON.stringify(path);
  useEffect(() => tellPath(JSON.parse(told) as Crumb[]), [tellPath, told]);
  useEffect(() => {
    document.title = `${title} · Groundwork`;
  }, [title]);
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={description} counter={counter} actions={actions} info={info}>
          {title}
        </Header>
      }
    >
      <SpaceBetween size="l">
        <ProblemAlert error={error} onRetry={onRetry} />
        {children}
      </SpaceBetween>
    </ContentLayout>
  );
}
