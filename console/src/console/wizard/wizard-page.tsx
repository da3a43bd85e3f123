/** The wizard that makes a labeling job: of nothing, of a draft, as a clone, or to verify or adjust the labels of another one. */

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import CloudscapeWizard, { type WizardProps } from "@cloudscape-design/components/wizard";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { answered, answeredWithEtag, type Api, Problem, type Schemas } from "../../api/client";
import { wizardTexts } from "../../languages/wizard";
import { addresses, href } from "../shell/addresses";
import { useApi, useConsole } from "../shell/console";
import { Page, projectPath } from "../shell/page";
import type { PageParameters } from "../shell/pages";
import { ProblemAlert, problemText } from "../shell/problems";
import { BLANK, definitionFrom, definitionLike, FIELDS, type FieldName, type TaskType } from "./definition";
import { DraftStore } from "./draft-store";
import { focusField } from "./field";
import { JobOverview, OVERVIEW_FIELDS } from "./job-overview";
import { Review } from "./review";
import { useWizard, WizardProvider } from "./wizard-context";
import { TOOL_FIELDS, WorkersAndTool } from "./workers-and-tool";

type Purpose = "verify" | "adjust" | "clone";

/** What the address asks for: a draft by its name, a start from another job, or a blank one. */
interface Asked {
  readonly draft?: string;
  readonly source?: string;
  readonly purpose?: Purpose;
}

function asked({ "*": rest = "" }: PageParameters): Asked {
  const [first = "", source] = rest.split("/").map(decodeURIComponent);
  if (source === undefined) return first === "" ? {} : { draft: first };
  return { source, purpose: (["verify", "adjust", "clone"] as const).find((each) => each === first) };
}

export default function WizardPage({ parameters }: { readonly parameters: PageParameters }): ReactNode {
  const { project = "" } = parameters;
  const wanted = asked(parameters);
  const identity = JSON.stringify([project, wanted]);
  // The wizard gives its draft an address as soon as there is one; it stays what it is then, under the new address.
  const known = useRef(new Map<string, string>());
  const key = known.current.get(identity) ?? crypto.randomUUID();
  known.current.set(identity, key);
  const named = (draft: string): void => {
    known.current.delete(identity);
    known.current.set(JSON.stringify([project, { draft }]), key);
  };
  return <Opening key={key} id={key} project={project} wanted={wanted} onNamed={named} />;
}

interface Opened {
  readonly store: DraftStore;
  readonly taskTypes: readonly TaskType[];
  readonly service: Schemas["LabelingService"];
}

interface OpeningProps {
  readonly id: string;
  readonly project: string;
  readonly wanted: Asked;
  readonly onNamed: (draft: string) => void;
}

function Opening({ id, project, wanted, onNamed }: OpeningProps): ReactNode {
  const words = wizardTexts();
  const api = useApi();
  const [first] = useState(wanted);
  // A draft is read anew each time: somebody else may have changed it.
  const { data, error, refetch } = useQuery({
    queryKey: ["projects", project, "wizard", id],
    gcTime: 0,
    staleTime: Infinity,
    queryFn: () => open(api, project, first),
  });
  const path = projectPath(project, { text: words.title, href: "" });
  if (data === undefined) {
    return (
      <Page title={words.title} path={path} error={error} onRetry={() => void refetch()}>
        {error === null && <Spinner size="large" />}
      </Page>
    );
  }
  return (
    <WizardProvider project={project} store={data.store} taskTypes={data.taskTypes} service={data.service}>
      <Page title={words.title} path={path}>
        <Steps isOpened={first.draft !== undefined} onNamed={onNamed} />
      </Page>
    </WizardProvider>
  );
}

class NotFit extends Error {}

async function open(api: Api, project: string, { draft, source, purpose }: Asked): Promise<Opened> {
  const read = (name: string): Promise<{ data: Schemas["LabelingJob"]; etag: string | undefined }> =>
    answeredWithEtag(api.GET("/projects/{project}/labeling-jobs/{name}", { params: { path: { project, name } } }));
  const [{ items: taskTypes }, { labeling_service: service }, job] = await Promise.all([
    answered(api.GET("/task-types")),
    answered(api.GET("/health")),
    draft !== undefined ? read(draft) : source !== undefined ? read(source) : undefined,
  ]);
  const opened = (...given: ConstructorParameters<typeof DraftStore> extends [unknown, unknown, ...infer Rest] ? Rest : never): Opened => ({
    store: new DraftStore(api, project, ...given),
    taskTypes,
    service,
  });
  if (job === undefined) return opened(BLANK);
  if (draft !== undefined) {
    if (job.data.status !== "Draft") throw new NotFit(wizardTexts().noDraft(draft));
    return opened({ job: job.data, etag: job.etag });
  }
  if (purpose === "clone" || purpose === undefined) return opened(definitionLike(job.data), source);
  const definition = definitionFrom(job.data, purpose, taskTypes);
  if (definition === undefined) throw new NotFit(wizardTexts().notToCheck(source ?? ""));
  return opened(definition);
}

const STEP_FIELDS: readonly (readonly FieldName[])[] = [OVERVIEW_FIELDS, TOOL_FIELDS, FIELDS];

function Steps({ isOpened, onNamed }: { readonly isOpened: boolean; readonly onNamed: (draft: string) => void }): ReactNode {
  const words = wizardTexts();
  const wizard = useWizard();
  const { project, store, state } = wizard;
  const [, navigate] = useLocation();
  const { notify } = useConsole();
  const queries = useQueryClient();
  const [step, setStep] = useState(() => (isOpened ? firstStepWithError(store) : 0));
  const [isMoving, setMoving] = useState(false);
  const [refusal, setRefusal] = useState<unknown>();
  const isSubmitted = useRef(false);

  useAddressOfDraft(state.saved?.definition.name, project, onNamed);
  useKeptDraft(store, isSubmitted);

  // Once its step is drawn.
  const { wanted } = wizard;
  useEffect(() => {
    if (wanted === undefined) return;
    const frame = requestAnimationFrame(() => focusField(wanted.pointer));
    return () => cancelAnimationFrame(frame);
  }, [wanted]);

  const go = async (to: number): Promise<void> => {
    if (to <= step) {
      setStep(to);
      return;
    }
    setMoving(true);
    const isSaved = await store.save();
    setMoving(false);
    // Each step up to the wanted one must be right; the first that is not is where to go on.
    for (let each = 0; each < to && each < 2; each++) {
      const fields = STEP_FIELDS[each]!;
      const first = firstFaultIn(store, fields);
      if (first === undefined && (isSaved || each > 0)) continue;
      wizard.visit(...fields);
      setStep(each);
      wizard.want(first ?? "/name");
      return;
    }
    if (isSaved) setStep(to);
  };

  const submit = async (): Promise<void> => {
    setMoving(true);
    setRefusal(undefined);
    try {
      if (!(await store.submit())) return;
      const { name } = store.state().definition;
      isSubmitted.current = true;
      void queries.invalidateQueries({ queryKey: ["projects", project, "labeling-jobs"] });
      notify({ type: "success", content: words.submitted(name) });
      navigate(addresses.labelingJob(project, name));
    } catch (error) {
      setRefusal(error);
      wizard.visit(...FIELDS);
    } finally {
      setMoving(false);
    }
  };

  const navigated = ({ detail }: { detail: WizardProps.NavigateDetail }): void => void go(detail.requestedStepIndex);
  const fix = (to: 0 | 1, pointer: string): void => {
    wizard.visit(...STEP_FIELDS[to]!);
    setStep(to);
    wizard.want(pointer);
  };
  return (
    <SpaceBetween size="l">
      <Conflict />
      <SaveRefused refusal={refusal} />
      <CloudscapeWizard
        activeStepIndex={step}
        isLoadingNextStep={isMoving}
        submitButtonText={words.submit}
        secondaryActions={<SaveState />}
        i18nStrings={{
          stepNumberLabel: words.stepNumber,
          collapsedStepsLabel: words.stepOf,
          cancelButton: words.leave,
          previousButton: words.previous,
          nextButton: words.next,
          navigationAriaLabel: words.wizardSteps,
          optional: words.optional,
        }}
        onNavigate={navigated}
        onCancel={() => navigate(addresses.labelingJobs(project))}
        onSubmit={() => void submit()}
        steps={[
          { title: words.stepOverview, description: words.stepOverviewHelp, content: <JobOverview /> },
          { title: words.stepTool, description: words.stepToolHelp, content: <WorkersAndTool /> },
          { title: words.stepReview, description: words.stepReviewHelp, content: <Review onFix={fix} /> },
        ]}
      />
    </SpaceBetween>
  );
}

function firstFaultIn(store: DraftStore, fields: readonly FieldName[]): string | undefined {
  const errors = store.faults().filter(({ severity }) => severity === "error");
  return errors.find(({ pointer }) => fields.some((field) => pointer?.split("/")[1] === field))?.pointer ?? undefined;
}

function firstStepWithError(store: DraftStore): number {
  const wrong = [OVERVIEW_FIELDS, TOOL_FIELDS].findIndex((fields) => firstFaultIn(store, fields) !== undefined);
  return wrong === -1 ? 2 : wrong;
}

/** A draft that has been saved is found again under its own address, by a reload too. */
function useAddressOfDraft(name: string | undefined, project: string, onNamed: (draft: string) => void): void {
  const [location, navigate] = useLocation();
  useEffect(() => {
    if (name === undefined || location === addresses.draft(project, name) || !location.startsWith(addresses.newLabelingJob(project))) return;
    onNamed(name);
    navigate(addresses.draft(project, name), { replace: true });
  }, [name, project, location, navigate, onNamed]);
}

/** Leaving keeps the draft: another page of the console saves it, and the browser asks before it forgets what is not saved. */
function useKeptDraft(store: DraftStore, isSubmitted: { readonly current: boolean }): void {
  const { notify } = useConsole();
  const { project } = useWizard();
  const queries = useQueryClient();
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => {
      if (store.isUnsaved) event.preventDefault();
    };
    const save = (): void => {
      if (document.visibilityState === "hidden") void store.save();
    };
    window.addEventListener("beforeunload", ask);
    document.addEventListener("visibilitychange", save);
    return () => {
      window.removeEventListener("beforeunload", ask);
      document.removeEventListener("visibilitychange", save);
      if (isSubmitted.current) return;
      void store.leave().then((name) => {
        if (name === undefined) return;
        const words = wizardTexts();
        void queries.invalidateQueries({ queryKey: ["projects", project, "labeling-jobs"] });
        const content = store.isUnsaved ? words.notKept(name) : words.kept(name);
        const action = <Button href={href(addresses.draft(project, name))}>{words.goOn}</Button>;
        notify({ id: `draft ${name}`, type: store.isUnsaved ? "warning" : "info", content, action });
      });
    };
  }, [store, isSubmitted, notify, project, queries]);
}

function SaveState(): ReactNode {
  const words = wizardTexts();
  const { state, store } = useWizard();
  if (state.isSaving) return <StatusIndicator type="loading">{words.saving}</StatusIndicator>;
  if (state.error !== undefined) return <StatusIndicator type="error">{words.notSaved}</StatusIndicator>;
  if (state.saved === undefined) return <Box color="text-body-secondary" padding={{ vertical: "xxs" }}>{words.savedOnceNamed}</Box>;
  if (store.isUnsaved) return <StatusIndicator type="pending">{words.savedSoon}</StatusIndicator>;
  return <StatusIndicator type="success">{words.saved}</StatusIndicator>;
}

/** What kept the draft from being saved or submitted, as far as no field says it. */
function SaveRefused({ refusal }: { readonly refusal: unknown }): ReactNode {
  const words = wizardTexts();
  const { state, store, project } = useWizard();
  const error = state.error ?? refusal;
  if (error === undefined) return null;
  if (error instanceof Problem && error.status === 409 && state.saved !== undefined && state.definition.name === state.saved.definition.name) {
    const address = addresses.labelingJob(project, state.saved.definition.name);
    return (
      <Alert type="error" header={words.notSaved} action={<Button href={href(address)}>{words.toJob}</Button>}>
        {problemText(error)}
      </Alert>
    );
  }
  // A name that is taken is said beside it.
  if (error instanceof Problem && error.status === 409) return null;
  // A field says what is wrong with the draft as it was saved; what is refused only when it is submitted is said here.
  if (state.error === undefined) return <ProblemAlert error={refusal} />;
  return <ProblemAlert error={error} shownElsewhere={FIELDS.map((field) => `/${field}`)} onRetry={() => void store.save()} />;
}

/** Somebody else changed the same fields of the draft. */
function Conflict(): ReactNode {
  const words = wizardTexts();
  const { state, store } = useWizard();
  if (state.conflict === undefined) return null;
  return (
    <Alert
      type="warning"
      header={words.conflict}
      action={
        <SpaceBetween direction="horizontal" size="xs">
          <Button onClick={() => void store.resolve("theirs")}>{words.takeTheirs}</Button>
          <Button onClick={() => void store.resolve("ours")}>{words.keepOurs}</Button>
        </SpaceBetween>
      }
    >
      {words.conflictIn(state.conflict.fields.map((field) => words[`field_${field}`]).join(", "))}
    </Alert>
  );
}

