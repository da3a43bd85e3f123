/** How far the job is, what it was asked to do, what its data are like, and what happened to it. */

import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import type { TabProps } from "../labeling-job-page";
import { Faults } from "./faults";
import { History } from "./history";
import { Parts } from "./parts";
import { Progress } from "./progress";
import { Settings } from "./settings";

export default function OverviewTab({ job }: TabProps): ReactNode {
  return (
    <SpaceBetween size="l">
      {job.counters.total > 0 && <Progress job={job} />}
      {job.validation.errors + job.validation.warnings > 0 && <Faults job={job} />}
      {job.parts !== null && <Parts job={job} />}
      <Settings job={job} />
      <History job={job} />
    </SpaceBetween>
  );
}
