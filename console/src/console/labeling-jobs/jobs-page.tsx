/** The labeling jobs of a project. */

import Button from "@cloudscape-design/components/button";
import type { ReactNode } from "react";
import { labelingJobsTexts } from "../../languages/labeling-jobs";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "../shell/addresses";
import { useStanding } from "../shell/console";
import { counterOf } from "../shell/listing";
import { Page, projectPath } from "../shell/page";
import type { PageParameters } from "../shell/pages";
import { JobsTable, useJobs } from "./jobs-table";

export default function JobsPage({ parameters: { project = "" } }: { readonly parameters: PageParameters }): ReactNode {
  const shell = shellTexts();
  const { isMember } = useStanding(project);
  const jobs = useJobs(project);
  const create = isMember && (
    <Button variant="primary" href={href(addresses.newLabelingJob(project))}>
      {labelingJobsTexts().create}
    </Button>
  );
  return (
    <Page
      title={shell.labelingJobs}
      path={projectPath(project)}
      counter={counterOf(jobs.list)}
      actions={create}
      error={jobs.list.error}
      onRetry={jobs.list.refresh}
    >
      <JobsTable jobs={jobs} emptyAction={create} />
    </Page>
  );
}
