/** Objects that too many workers declined, with their reasons; each can be offered again. */

import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { answered, type Schemas } from "../../api/client";
import { labelingJobTexts } from "../../languages/labeling-job";
import { shellTexts } from "../../languages/shell";
import { useChange } from "../shell/changes";
import { useApi } from "../shell/console";
import { count, moment } from "../shell/format";
import { counterOf, ITEMS_OF_A_REQUEST, ListTable, RowButton, useListed } from "../shell/listing";
import { ProblemAlert } from "../shell/problems";
import { jobKey, pathOf } from "./job";
import type { TabProps } from "./labeling-job-page";

type PutAside = Schemas["ObjectList"]["items"][number];

export default function PutAsideTab({ job }: TabProps): ReactNode {
  const words = labelingJobTexts();
  const api = useApi();
  const queryKey = [...jobKey(job.project, job.name), "objects"];
  const objects = useListed<PutAside>(queryKey, (next_token) =>
    answered(
      api.GET("/projects/{project}/labeling-jobs/{name}/objects", {
        params: { path: pathOf(job), query: { status: "declined", limit: ITEMS_OF_A_REQUEST, next_token } },
      }),
    ),
  );
  const reissue = useChange(
    (object: number) =>
      answered(
        api.POST("/projects/{project}/labeling-jobs/{name}/objects/{n}/reissue", { params: { path: { ...pathOf(job), n: String(object) } } }),
      ),
    { changes: [queryKey], done: (_, object) => words.reissued(count(object)) },
  );
  const isRunning = job.status === "Initializing" || job.status === "InProgress";
  return (
    <SpaceBetween size="m">
      <ProblemAlert error={objects.error} onRetry={objects.refresh} />
      <ProblemAlert error={reissue.error} />
      <ListTable
        label={words.putAside}
        header={
          <Header variant="h2" counter={counterOf(objects)} description={words.putAsideExplained}>
            {words.putAside}
          </Header>
        }
        list={objects}
        trackBy={({ object }) => String(object)}
        empty={words.nothingPutAside}
        columns={[
          { id: "object", header: words.object, cell: ({ object }) => count(object), isRowHeader: true, width: 110 },
          { id: "reasons", header: words.reasons, cell: ({ reasons }) => <Reasons reasons={reasons} />, minWidth: 180 },
          { id: "at", header: words.when, cell: ({ at }) => moment(at), width: 200, minWidth: 130 },
          {
            id: "reissue",
            header: shellTexts().actions,
            width: 190,
            cell: ({ object }) => (
              <RowButton
                text={words.reissue}
                of={count(object)}
                disabledReason={isRunning ? undefined : words.onlyWhileRunning}
                loading={reissue.isPending && reissue.variables === object}
                onClick={() => reissue.mutate(object)}
              />
            ),
          },
        ]}
      />
    </SpaceBetween>
  );
}

function Reasons({ reasons }: { readonly reasons: readonly string[] }): ReactNode {
  return (
    <ul style={{ margin: 0, paddingInlineStart: "1.2em" }}>
      {reasons.map((reason, index) => (
        <li key={index}>{reason}</li>
      ))}
    </ul>
  );
}
