/** Who hears of a project's labeling jobs. */

import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { TableProps } from "@cloudscape-design/components/table";
import { type ReactNode, useState } from "react";
import { answered } from "../../api/client";
import { notificationTexts } from "../../languages/notifications";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "../shell/addresses";
import { useApi, useStanding } from "../shell/console";
import { counterOf, ListTable, useListed } from "../shell/listing";
import { Page, projectPath } from "../shell/page";
import type { PageParameters } from "../shell/pages";
import { eventText, type Notification, receiverOf, stateOf } from "./notification";
import { NotificationForm } from "./notification-form";
import { type Secret, WebhookSecret } from "./webhook-secret";

export default function NotificationsPage({ parameters: { project = "" } }: { readonly parameters: PageParameters }): ReactNode {
  const words = notificationTexts();
  const shell = shellTexts();
  const api = useApi();
  const { isManager } = useStanding(project);
  const [isAdding, setAdding] = useState(false);
  const [secret, setSecret] = useState<Secret>();
  const list = useListed<Notification>(
    ["projects", project, "notifications", "list"],
    () => answered(api.GET("/projects/{project}/notifications", { params: { path: { project } } })),
    // The addressee answers elsewhere.
    { isMoving: ({ confirmation }) => confirmation === "pending" },
  );
  const add = isManager && (
    <Button variant="primary" onClick={() => setAdding(true)}>
      {words.add}
    </Button>
  );
  const columns: TableProps.ColumnDefinition<Notification>[] = [
    {
      id: "id",
      header: words.id,
      sortingField: "id",
      isRowHeader: true,
      minWidth: 120,
      cell: ({ id }) => <Link href={href(addresses.notification(project, id))}>{id}</Link>,
    },
    { id: "kind", header: words.kind, sortingField: "kind", cell: ({ kind }) => (kind === "mail" ? words.mail : words.webhook) },
    { id: "receiver", header: words.receiver, minWidth: 200, cell: receiverOf },
    { id: "events", header: words.events, minWidth: 160, cell: ({ events }) => events?.map(eventText).join(", ") ?? words.allEvents },
    {
      id: "state",
      header: words.state,
      minWidth: 150,
      cell: (notification) => {
        const [sign, text] = stateOf(notification);
        return <StatusIndicator type={sign}>{text}</StatusIndicator>;
      },
    },
  ];
  return (
    <Page
      title={shell.notifications}
      path={projectPath(project, { text: shell.notifications, href: href(addresses.notifications(project)) })}
      description={words.help}
      counter={counterOf(list)}
      actions={add}
      error={list.error}
      onRetry={list.refresh}
    >
      <ListTable
        label={shell.notifications}
        list={list}
        columns={columns}
        trackBy={({ id }) => id}
        searched={(notification) => [notification.id, receiverOf(notification)]}
        searchLabel={words.find}
        empty={words.none}
        emptyAction={add}
      />
      {isAdding && (
        <NotificationForm
          project={project}
          onClose={() => setAdding(false)}
          onSaved={(made) => {
            setAdding(false);
            setSecret(made);
          }}
        />
      )}
      {secret && <WebhookSecret {...secret} onClose={() => setSecret(undefined)} />}
    </Page>
  );
}
