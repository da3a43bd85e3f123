/** Above the job's tabs: what keeps it from going on, and what to do about that. */

import Alert from "@cloudscape-design/components/alert";
import Link from "@cloudscape-design/components/link";
import type { ReactNode } from "react";
import { labelingJobTexts } from "../../languages/labeling-job";
import { addresses, href } from "../shell/addresses";
import { moment } from "../shell/format";
import type { LabelingJob } from "./job";

export function Hints({ job }: { readonly job: LabelingJob }): ReactNode {
  const words = labelingJobTexts();
  const isRunning = job.status === "InProgress" || job.status === "Initializing";
  return (
    <>
      {job.status === "Failed" && (
        <Alert type="error" header={words.failedHeader}>
          <p>{job.failure_reason ?? words.noReason}</p>
          <p>{words.failedAdvice}</p>
        </Alert>
      )}
      {job.status === "Draft" && job.failure_reason !== null && (
        <Alert type="warning" header={words.interruptedHeader} action={<DraftLink job={job} />}>
          <p>{job.failure_reason}</p>
          <p>{words.interruptedAdvice}</p>
        </Alert>
      )}
      {job.status === "Draft" && job.failure_reason === null && job.validation.errors > 0 && (
        <Alert type="warning" header={words.faultyDraftHeader} action={<DraftLink job={job} />}>
          {words.faultyDraftAdvice}
        </Alert>
      )}
      {isRunning && job.paused && (
        <Alert type="info" header={words.pausedHeader}>
          {words.pausedAdvice}
        </Alert>
      )}
      {isRunning && !job.paused && job.stalled_since !== null && (
        <Alert type="warning" header={words.stalledHeader(moment(job.stalled_since))}>
          {words.stalledAdvice(job.labeling_team ?? "")}
        </Alert>
      )}
      {job.status === "Stopped" && (
        <Alert type="info" header={words.stoppedHeader}>
          {job.failure_reason === null ? null : <p>{job.failure_reason}</p>}
          <p>{words.stoppedAdvice}</p>
        </Alert>
      )}
    </>
  );
}

function DraftLink({ job }: { readonly job: LabelingJob }): ReactNode {
  return <Link href={href(addresses.draft(job.project, job.name))}>{labelingJobTexts().openDraft}</Link>;
}
