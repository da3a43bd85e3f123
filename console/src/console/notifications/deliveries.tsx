/** The attempts to deliver what a notification is for, each of which can be sent again. */

import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { TableProps } from "@cloudscape-design/components/table";
import type { ReactNode } from "react";
import { answered } from "../../api/client";
import { notificationTexts } from "../../languages/notifications";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "../shell/addresses";
import { useChange } from "../shell/changes";
import { useApi, useConsole } from "../shell/console";
import { count, moment } from "../shell/format";
import { counterOf, ITEMS_OF_A_REQUEST, ListTable, RowButton, useListed } from "../shell/listing";
import { ProblemAlert, problemText } from "../shell/problems";
import { type Delivery, eventText, type Notification, outcomeText } from "./notification";

interface DeliveriesProps {
  readonly project: string;
  readonly notification: Notification;
  readonly isManager: boolean;
}

export function Deliveries({ project, notification: { id, disabled_at }, isManager }: DeliveriesProps): ReactNode {
  const words = notificationTexts();
  const shell = shellTexts();
  const api = useApi();
  const { notify } = useConsole();
  const queryKey = ["projects", project, "notifications", "one", id, "deliveries"];
  const list = useListed<Delivery>(queryKey, (next_token) =>
    answered(
      api.GET("/projects/{project}/notifications/{id}/deliveries", {
        params: { path: { project, id }, query: { limit: ITEMS_OF_A_REQUEST, next_token } },
      }),
    ),
  );
  const replay = useChange(
    (delivery_id: string) =>
      answered(
        api.POST("/projects/{project}/notifications/{id}/deliveries/{delivery_id}/replay", { params: { path: { project, id, delivery_id } } }),
      ),
    { changes: [queryKey], done: () => words.replayed },
  );
  const columns: TableProps.ColumnDefinition<Delivery>[] = [
    { id: "at", header: words.at, sortingField: "at", minWidth: 150, cell: ({ at }) => moment(at) },
    { id: "event", header: words.event, sortingField: "event", minWidth: 140, cell: ({ event }) => eventText(event) },
    {
      id: "job",
      header: words.labelingJob,
      sortingField: "labeling_job",
      isRowHeader: true,
      minWidth: 150,
      cell: ({ labeling_job }) => <Link href={href(addresses.labelingJob(project, labeling_job))}>{labeling_job}</Link>,
    },
    { id: "attempt", header: words.attempt, sortingField: "attempt", cell: ({ attempt }) => count(attempt) },
    {
      id: "outcome",
      header: words.outcome,
      sortingField: "outcome",
      minWidth: 180,
      cell: (delivery) => (
        <StatusIndicator type={delivery.outcome === "delivered" ? "success" : "error"}>{outcomeText(delivery)}</StatusIndicator>
      ),
    },
  ];
  const actions: TableProps.ColumnDefinition<Delivery> = {
    id: "actions",
    header: shell.actions,
    minWidth: 130,
    cell: (delivery) => (
      <RowButton
        text={words.replay}
        of={`${delivery.labeling_job}, ${eventText(delivery.event)}, ${moment(delivery.at)}`}
        loading={replay.isPending && replay.variables === delivery.id}
        onClick={() => replay.mutate(delivery.id, { onError: (error) => notify({ type: "error", content: problemText(error) }) })}
      />
    ),
  };
  return (
    <>
      <ProblemAlert error={list.error} onRetry={list.refresh} />
      <ListTable
        label={words.deliveries}
        list={list}
        columns={isManager && disabled_at === null ? [...columns, actions] : columns}
        trackBy={({ id: its }) => its}
        searched={({ labeling_job, event }) => [labeling_job, eventText(event)]}
        searchLabel={words.findDeliveries}
        empty={words.noDeliveries}
        header={
          <Header
            counter={counterOf(list)}
            description={words.deliveriesHelp}
            actions={<Button iconName="refresh" ariaLabel={shell.refresh} loading={list.isRefreshing} onClick={list.refresh} />}
          >
            {words.deliveries}
          </Header>
        }
      />
    </>
  );
}
