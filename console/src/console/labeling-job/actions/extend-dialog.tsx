/** Offering the job's tasks for longer. */

import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { type ReactNode, useState } from "react";
import { answered } from "../../../api/client";
import { labelingJobTexts } from "../../../languages/labeling-job";
import { useChange } from "../../shell/changes";
import { useApi } from "../../shell/console";
import { FormDialog } from "../../shell/dialogs";
import { count, decimal, moment } from "../../shell/format";
import { faultsOf, fieldError } from "../../shell/problems";
import { jobKey, pathOf } from "../job";
import type { DialogProps } from "./actions-menu";

const DAY = 86_400;
/** The longest that the API takes (Extension in docs/openapi.yaml). */
const MOST_DAYS = 30;
const POINTER = "/task_expiration_seconds";

export function ExtendDialog({ job, onClose }: DialogProps): ReactNode {
  const words = labelingJobTexts();
  const api = useApi();
  // Fixed when the dialog opens: the job is read again meanwhile.
  const [present] = useState(job.task_expiration_seconds / DAY);
  const [days, setDays] = useState(String(Math.min(Math.ceil(present) + 5, MOST_DAYS)));
  const seconds = Math.round(Number(days) * DAY);
  const isLonger = Number(days) > present && Number(days) <= MOST_DAYS;
  const change = useChange(
    () =>
      answered(
        api.POST("/projects/{project}/labeling-jobs/{name}/extend", {
          params: { path: pathOf(job) },
          body: { task_expiration_seconds: seconds },
        }),
      ),
    { changes: [jobKey(job.project, job.name)], done: () => words.extendDone, onDone: onClose },
  );
  const limits = words.extendLimits(decimal(present), count(MOST_DAYS));
  return (
    <FormDialog
      title={words.extendTitle(job.name)}
      submit={words.extend}
      onSubmit={() => change.mutate()}
      onDismiss={onClose}
      change={change}
      isDisabled={!isLonger}
      fields={[POINTER]}
    >
      <div>{words.extendExplained(decimal(present))}</div>
      <FormField
        label={words.extendDays}
        constraintText={limits}
        errorText={fieldError(faultsOf(change.error), POINTER) ?? (isLonger ? undefined : limits)}
        description={isLonger && job.started_at !== null ? words.extendUntil(moment(until(job.started_at, seconds))) : undefined}
      >
        <Input type="number" inputMode="decimal" step="any" value={days} onChange={({ detail }) => setDays(detail.value)} />
      </FormField>
    </FormDialog>
  );
}

function until(start: string, seconds: number): string {
  return new Date(Date.parse(start) + seconds * 1000).toISOString();
}
