/** The labeling jobs of all projects, for administrators. */

import type { ReactNode } from "react";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "../shell/addresses";
import { counterOf } from "../shell/listing";
import { Page } from "../shell/page";
import { JobsTable, useJobs } from "./jobs-table";

export default function AllJobsPage(): ReactNode {
  const title = shellTexts().allLabelingJobs;
  const jobs = useJobs(undefined);
  return (
    <Page
      title={title}
      path={[{ text: title, href: href(addresses.allLabelingJobs()) }]}
      counter={counterOf(jobs.list)}
      error={jobs.list.error}
      onRetry={jobs.list.refresh}
    >
      <JobsTable jobs={jobs} showsProjects />
    </Page>
  );
}
