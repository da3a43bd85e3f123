/** New instructions for a job that runs. */

import FormField from "@cloudscape-design/components/form-field";
import Spinner from "@cloudscape-design/components/spinner";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { answered } from "../../../api/client";
import { labelingJobTexts } from "../../../languages/labeling-job";
import { useChange } from "../../shell/changes";
import { useApi } from "../../shell/console";
import { FormDialog } from "../../shell/dialogs";
import { faultsOf, fieldError } from "../../shell/problems";
import { jobKey, pathOf } from "../job";
import { useTaskType } from "../task-type";
import type { DialogProps } from "./actions-menu";

const InstructionsEditor = lazy(() => import("../../wizard/instructions-editor/instructions-editor"));

export function InstructionsDialog({ job, onClose }: DialogProps): ReactNode {
  const words = labelingJobTexts();
  const api = useApi();
  const taskType = useTaskType(job.task_type);
  const [short, setShort] = useState<string>();
  const [full, setFull] = useState<string>();
  const change = useChange(
    () =>
      answered(
        api.PUT("/projects/{project}/labeling-jobs/{name}/instructions", {
          params: { path: pathOf(job) },
          // What was not touched stays as it is; emptied, the task type's own are shown again.
          body: {
            short_instructions: short === undefined ? (job.short_instructions ?? null) : short || null,
            full_instructions: full === undefined ? (job.full_instructions ?? null) : full || null,
          },
        }),
      ),
    { changes: [jobKey(job.project, job.name)], done: () => words.instructionsDone, onDone: onClose },
  );
  const faults = faultsOf(change.error);
  if (taskType === undefined) return null;
  const editor = (label: string, value: string, onChange: (html: string) => void): ReactNode => (
    <Suspense fallback={<Spinner />}>
      <InstructionsEditor project={job.project} label={label} value={value} onChange={onChange} />
    </Suspense>
  );
  return (
    <FormDialog
      title={words.instructionsTitle(job.name)}
      submit={words.changeInstructions}
      onSubmit={() => change.mutate()}
      onDismiss={onClose}
      change={change}
      isDisabled={short === undefined && full === undefined}
      size="large"
      fields={["/short_instructions", "/full_instructions"]}
    >
      <div>{words.instructionsExplained}</div>
      <FormField label={words.shortInstructions} errorText={fieldError(faults, "/short_instructions")} stretch>
        {editor(words.shortInstructions, short ?? job.short_instructions ?? taskType.default_short_instructions, setShort)}
      </FormField>
      <FormField label={words.fullInstructions} errorText={fieldError(faults, "/full_instructions")} stretch>
        {editor(words.fullInstructions, full ?? job.full_instructions ?? taskType.default_full_instructions, setFull)}
      </FormField>
    </FormDialog>
  );
}
