/** The parts of a labeling job that was too big for one. */

import Header from "@cloudscape-design/components/header";
import Table from "@cloudscape-design/components/table";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { answered, type Schemas } from "../../../api/client";
import { labelingJobTexts } from "../../../languages/labeling-job";
import { shellTexts } from "../../../languages/shell";
import { useApi } from "../../shell/console";
import { count, moment, percent } from "../../shell/format";
import { ProblemAlert } from "../../shell/problems";
import { Status } from "../../shell/status";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { jobKey, type LabelingJob, pace, pathOf, settled } from "../job";

type Part = Schemas["Part"];

export function Parts({ job }: { readonly job: LabelingJob }): ReactNode {
  const words = labelingJobTexts();
  const api = useApi();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: [...jobKey(job.project, job.name), "parts"],
    queryFn: () => answered(api.GET("/projects/{project}/labeling-jobs/{name}/parts", { params: { path: pathOf(job) } })),
    refetchInterval: pace(job),
  });
  return (
    <>
      <ProblemAlert error={error} onRetry={() => void refetch()} />
      <Table
        header={
          <Header variant="h2" counter={`(${count(job.parts?.total ?? 0)})`} description={words.partsExplained}>
            {words.parts}
          </Header>
        }
        loading={isPending}
        loadingText={shellTexts().loading}
        items={data?.items ?? []}
        trackBy="name"
        columnDefinitions={[
          { id: "name", header: shellTexts().name, cell: ({ name }) => name, isRowHeader: true },
          { id: "status", header: shellTexts().status, cell: ({ status, failure_reason }) => <PartStatus status={status} reason={failure_reason} /> },
          { id: "objects", header: words.objects, cell: ({ objects }) => count(objects) },
          { id: "settled", header: words.settled, cell: ({ counters }) => (counters.total === 0 ? percent(0) : percent(settled(counters) / counters.total)) },
          { id: "started", header: words.started, cell: ({ started_at }) => moment(started_at) },
          { id: "finished", header: words.finished, cell: ({ finished_at }) => moment(finished_at) },
        ]}
      />
    </>
  );
}

function PartStatus({ status, reason }: { readonly status: Part["status"]; readonly reason: string | null }): ReactNode {
  return (
    <>
      {status === "Waiting" ? <StatusIndicator type="pending">{labelingJobTexts().waiting}</StatusIndicator> : <Status status={status} />}
      {reason !== null && <div>{reason}</div>}
    </>
  );
}
