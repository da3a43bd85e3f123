/** What workers see of a job's objects. */

import type { ReactNode } from "react";
import type { TabProps } from "./labeling-job-page";
import { WorkerPreview } from "./worker-preview";

export default function PreviewTab({ job }: TabProps): ReactNode {
  const objects = job.counters.total || job.validation.objects || undefined;
  return <WorkerPreview job={job} version={job.instructions_version} objects={objects} />;
}
