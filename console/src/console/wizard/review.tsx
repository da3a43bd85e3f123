/** The wizard's last step: what will be launched, what keeps it from that, what workers will see, and how much work it is. */

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs, { type KeyValuePairsProps } from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { answered } from "../../api/client";
import { wordsOf } from "../../languages/rules";
import { taskTypeTitle } from "../../languages/task-types";
import { wizardTexts } from "../../languages/wizard";
import { WorkerPreview } from "../labeling-job/worker-preview";
import { useApi } from "../shell/console";
import { count, decimal, duration } from "../shell/format";
import { type FieldName, labelAttributeOf, labelName } from "./definition";
import type { FoundFault } from "./draft-store";
import { estimateOf, usualSeconds } from "./estimate";
import { useInputSize } from "./input-data";
import { OVERVIEW_FIELDS } from "./job-overview";
import { NumberInput } from "./number-input";
import { useWizard } from "./wizard-context";

interface ReviewProps {
  /** Goes to the field of a fault. */
  readonly onFix: (step: 0 | 1, pointer: string) => void;
}

export function Review({ onFix }: ReviewProps): ReactNode {
  const { saved } = useWizard().state;
  const input = useDefinedInput();
  return (
    <SpaceBetween size="l">
      <Preflight onFix={onFix} />
      <Settings onFix={onFix} />
      <EstimateContainer input={input} />
      {saved && <WorkerPreview job={saved.job} version={saved.job.version} objects={input.size?.isExact ? input.size.objects : undefined} />}
    </SpaceBetween>
  );
}

/** How many objects the job would have, as it is defined now. */
function useDefinedInput(): ReturnType<typeof useInputSize> {
  const { project, definition, taskType } = useWizard();
  return useInputSize(project, {
    manifestUri: definition.input_manifest_uri,
    prefixUri: definition.input_prefix_uri,
    category: taskType?.category === "Custom" ? definition.task_category : (taskType?.category ?? null),
    labelAttribute: labelAttributeOf(definition, taskType),
  });
}

function stepOf(pointer: string): 0 | 1 {
  return (OVERVIEW_FIELDS as readonly string[]).includes(pointer.split("/")[1] ?? "") ? 0 : 1;
}

/** Where a fault of the data is mended: the input that it came from. */
function pointerOf(fault: FoundFault, inputField: FieldName): string {
  return fault.pointer ?? `/${inputField}`;
}

/** What is wrong with the draft as it is saved. Only the report says where in the data. */
function useFaults(): readonly FoundFault[] {
  const api = useApi();
  const { project, state } = useWizard();
  const { name = "", version, validation } = state.saved?.job ?? {};
  const faults = validation?.faults ?? [];
  const report = useQuery({
    queryKey: ["projects", project, "validation-report", name, version],
    enabled: faults.some(({ count: times }) => times !== undefined),
    queryFn: () => answered(api.GET("/projects/{project}/labeling-jobs/{name}/validation-report", { params: { path: { project, name } } })),
  });
  return report.data?.faults ?? faults;
}

function Preflight({ onFix }: ReviewProps): ReactNode {
  const words = wizardTexts();
  const { state, definition } = useWizard();
  const validation = state.saved?.job.validation;
  const faults = useFaults();
  const errors = faults.filter(({ severity }) => severity === "error");
  const warnings = faults.filter(({ severity }) => severity === "warning");
  const inputField = definition.input_manifest_uri === null && definition.input_prefix_uri !== null ? "input_prefix_uri" : "input_manifest_uri";
  const failure = state.saved?.job.failure_reason;
  const list = (found: readonly FoundFault[]): ReactNode => (
    <ul style={{ margin: 0, paddingInlineStart: "1.25rem" }}>
      {found.map((fault, index) => {
        const pointer = pointerOf(fault, inputField);
        return (
          <li key={index}>
            {wordsOf(fault).message}{fault.count !== undefined && fault.count > 1 && ` (${words.times(count(fault.count))})`}. {wordsOf(fault).remedy}{" "}
            <Places fault={fault} />{" "}
            <Link href="#" onFollow={(event) => (event.preventDefault(), onFix(stepOf(pointer), pointer))} ariaLabel={words.toFieldOf(fieldText(pointer))}>
              {words.toField(fieldText(pointer))}
            </Link>
          </li>
        );
      })}
    </ul>
  );
  return (
    <Container header={<Header variant="h2" description={words.preflightHelp}>{words.preflight}</Header>}>
      <SpaceBetween size="m">
        {failure && <Alert type="error" header={words.lastLaunch}>{failure}</Alert>}
        {errors.length > 0 && <Alert type="error" header={words.errorsFound(count(validation?.errors ?? errors.length))}>{list(errors)}</Alert>}
        {warnings.length > 0 && <Alert type="warning" header={words.warningsFound(count(validation?.warnings ?? warnings.length))}>{list(warnings)}</Alert>}
        {errors.length === 0 && <StatusIndicator type="success">{words.definitionIsGood}</StatusIndicator>}
      </SpaceBetween>
    </Container>
  );
}

/** The first lines of the manifest that a fault of the data is at. */
function Places({ fault }: { readonly fault: FoundFault }): ReactNode {
  const words = wizardTexts();
  const places = fault.places ?? [];
  if (places.length === 0) return null;
  const lines = places.slice(0, 5).map(({ line, detail }) => (detail === undefined ? count(line) : `${count(line)} (${detail})`));
  return <Box variant="span" color="text-body-secondary">{words.linesOf(lines.join(", ") + (places.length > 5 ? " …" : ""))}</Box>;
}

/** What the wizard calls the field of a pointer. */
function fieldText(pointer: string): string {
  const words = wizardTexts();
  const field = pointer.split("/")[1] as FieldName;
  return words[`field_${field}`] ?? pointer;
}

function Settings({ onFix }: ReviewProps): ReactNode {
  const words = wizardTexts();
  const { definition, taskType } = useWizard();
  const text = (value: string | null): ReactNode => value ?? "–";
  const overview: KeyValuePairsProps.Item[] = [
    { label: words.jobName, value: definition.name },
    { label: words.labelAttribute, value: labelAttributeOf(definition, taskType) },
    definition.input_prefix_uri !== null
      ? { label: words.prefixLocation, value: <Uri uri={definition.input_prefix_uri} /> }
      : { label: words.manifestLocation, value: <Uri uri={definition.input_manifest_uri} /> },
    { label: words.outputLocation, value: definition.output_uri === null ? words.outputDefault : <Uri uri={definition.output_uri} /> },
    { label: words.taskType, value: taskTypeTitle(definition.task_type ?? "") ?? text(definition.task_type) },
    ...(definition.existing_label_attribute === null ? [] : [{ label: words.existingLabelAttribute, value: definition.existing_label_attribute }]),
  ];
  const tool: KeyValuePairsProps.Item[] = [
    { label: words.labelingTeam, value: text(definition.labeling_team) },
    { label: words.workersPerObject, value: count(definition.workers_per_object ?? 1) },
    { label: words.taskTimeout, value: duration(definition.task_timeout_seconds ?? 300) },
    { label: words.taskExpiration, value: duration(definition.task_expiration_seconds ?? 864_000) },
    { label: words.description, value: text(definition.description) },
    { label: words.labels, value: definition.labels.map(labelName).join(", ") || "–" },
    ...(taskType?.category === "Custom"
      ? [{ label: words.template, value: <Uri uri={definition.template_uri} /> }]
      : [
          { label: words.shortInstructions, value: whose(definition.short_instructions) },
          { label: words.fullInstructions, value: whose(definition.full_instructions) },
        ]),
    ...(definition.split ? [{ label: words.split, value: words.splitChoice }] : []),
    ...(definition.automated_labeling ? [{ label: words.automatedLabeling, value: words.automatedLabelingChoice }] : []),
  ];
  const edit = (step: 0 | 1, pointer: string): ReactNode => <Button onClick={() => onFix(step, pointer)} ariaLabel={`${words.edit}: ${step === 0 ? words.stepOverview : words.stepTool}`}>{words.edit}</Button>;
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2" actions={edit(0, "/name")}>{words.stepOverview}</Header>}>
        <KeyValuePairs columns={3} items={overview} />
      </Container>
      <Container header={<Header variant="h2" actions={edit(1, "/labeling_team")}>{words.stepTool}</Header>}>
        <KeyValuePairs columns={3} items={tool} />
      </Container>
    </SpaceBetween>
  );
}

function whose(instructions: string | null): string {
  const words = wizardTexts();
  return instructions === null || instructions.trim() === "" ? words.instructionsDefault : words.instructionsOwn(count(instructions.length));
}

function Uri({ uri }: { readonly uri: string | null }): ReactNode {
  return <span style={{ overflowWrap: "anywhere" }}>{uri ?? "–"}</span>;
}

function EstimateContainer({ input: { size, isCounting } }: { readonly input: ReturnType<typeof useInputSize> }): ReactNode {
  const words = wizardTexts();
  const api = useApi();
  const { project, definition } = useWizard();
  const [seconds, setSeconds] = useState<number | null>(usualSeconds(definition.task_type));
  const members = useQuery({
    queryKey: ["projects", project, "labeling-teams", "to-choose"],
    queryFn: () => answered(api.GET("/projects/{project}/labeling-teams", { params: { path: { project }, query: { limit: 200 } } })),
  }).data?.items.find(({ name }) => name === definition.labeling_team)?.member_count;
  const estimate = size && estimateOf(definition, size, seconds ?? 0, members ?? null);
  const about = size?.isExact === false ? "≈ " : "";
  return (
    <Container header={<Header variant="h2" description={words.estimateHelp}>{words.estimate}</Header>}>
      <SpaceBetween size="m">
        {estimate === undefined ? (
          // Takes the room of the figures, so that what stands below does not move away under somebody's click.
          <div style={{ minBlockSize: "5rem" }}>
            <StatusIndicator type={isCounting ? "loading" : "info"}>{isCounting ? words.counting : words.notCounted}</StatusIndicator>
          </div>
        ) : (
          <ColumnLayout columns={4} variant="text-grid">
            <Figure label={words.objects} value={about + count(estimate.objects)} note={size !== undefined && size.labeled > 0 ? words.labeledAlready(count(size.labeled)) : undefined} />
            <Figure label={words.answers} value={about + count(estimate.answers)} note={words.answersAre(count(definition.workers_per_object ?? 1))} />
            <Figure label={words.workerHours} value={about + hours(estimate.workerHours)} note={words.hoursAre(count(seconds ?? 0))} />
            {estimate.teamHours !== undefined && (
              <Figure label={words.teamHours} value={about + hours(estimate.teamHours)} note={words.teamHoursAre(count(members ?? 0))} />
            )}
          </ColumnLayout>
        )}
        <FormField label={words.secondsPerAnswer} constraintText={words.secondsPerAnswerHelp}>
          <NumberInput value={seconds} min={1} max={28_800} onChange={setSeconds} />
        </FormField>
      </SpaceBetween>
    </Container>
  );
}

/** Of a small job, more digits: no work is none. */
function hours(number: number): string {
  if (number > 0 && number < 0.01) return `< ${decimal(0.01)}`;
  return decimal(number, number < 1 ? 2 : 1);
}

function Figure({ label, value, note }: { readonly label: string; readonly value: string; readonly note: string | undefined }): ReactNode {
  return (
    <div>
      <Box variant="awsui-key-label">{label}</Box>
      <Box variant="awsui-value-large" display="block">{value}</Box>
      {note !== undefined && <Box variant="small" display="block">{note}</Box>}
    </div>
  );
}
