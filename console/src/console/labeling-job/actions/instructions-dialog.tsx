/** New instructions for a job that runs. */

import FormField from "@cloudscape-design/components/form-field";
import Textarea from "@cloudscape-design/components/textarea";
import { type ReactNode, useState } from "react";
import { answered } from "../../../api/client";
import { labelingJobTexts } from "../../../languages/labeling-job";
import { useChange } from "../../shell/changes";
import { useApi } from "../../shell/console";
import { FormDialog } from "../../shell/dialogs";
import { faultsOf, fieldError } from "../../shell/problems";
import { jobKey, pathOf } from "../job";
import { useTaskType } from "../task-type";
import type { DialogProps } from "./actions-menu";

export function InstructionsDialog({ job, onClose }: DialogProps): ReactNode {
  const words = labelingJobTexts();
  const api = useApi();
  const taskType = useTaskType(job.task_type);
  const [short, setShort] = useState<string>();
  const [full, setFull] = useState<string>();
  const shownShort = short ?? job.short_instructions ?? taskType?.default_short_instructions ?? "";
  const shownFull = full ?? job.full_instructions ?? taskType?.default_full_instructions ?? "";
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
        <Textarea value={shownShort} onChange={({ detail }) => setShort(detail.value)} rows={4} />
      </FormField>
      <FormField label={words.fullInstructions} errorText={fieldError(faults, "/full_instructions")} stretch>
        <Textarea value={shownFull} onChange={({ detail }) => setFull(detail.value)} rows={8} />
      </FormField>
    </FormDialog>
  );
}
