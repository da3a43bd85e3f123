/** One notification: whom it tells what, and every attempt to deliver something. */

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { answered, answeredWithEtag } from "../../api/client";
import { notificationTexts } from "../../languages/notifications";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "../shell/addresses";
import { useChange } from "../shell/changes";
import { useApi, useStanding } from "../shell/console";
import { QuestionDialog } from "../shell/dialogs";
import { moment } from "../shell/format";
import { Page, projectPath } from "../shell/page";
import type { PageParameters } from "../shell/pages";
import { ProblemAlert } from "../shell/problems";
import { statusText } from "../shell/status";
import { Deliveries } from "./deliveries";
import { eventText, type Notification, receiverOf, stateOf } from "./notification";
import { NotificationForm } from "./notification-form";
import { type Secret, WebhookSecret } from "./webhook-secret";

type Open = { readonly dialog: "edit" | "rotate" | "delete" } | { readonly dialog: "secret"; readonly secret: Secret };

export default function NotificationPage({ parameters: { project = "", id = "" } }: { readonly parameters: PageParameters }): ReactNode {
  const words = notificationTexts();
  const shell = shellTexts();
  const api = useApi();
  const { isManager } = useStanding(project);
  const [open, setOpen] = useState<Open>();
  const { data: read, error, isPending, refetch } = useQuery({
    queryKey: ["projects", project, "notifications", "one", id],
    queryFn: () => answeredWithEtag(api.GET("/projects/{project}/notifications/{id}", { params: { path: { project, id } } })),
  });
  const notification = read?.data;
  const close = (): void => setOpen(undefined);
  const actions = notification && isManager && (
    <SpaceBetween direction="horizontal" size="xs">
      <Button onClick={() => setOpen({ dialog: "delete" })}>{shell.delete}</Button>
      {notification.kind === "webhook" && <Button onClick={() => setOpen({ dialog: "rotate" })}>{words.rotate}</Button>}
      <Button variant="primary" onClick={() => setOpen({ dialog: "edit" })}>
        {shell.edit}
      </Button>
    </SpaceBetween>
  );
  return (
    <Page
      title={id}
      path={projectPath(
        project,
        { text: shell.notifications, href: href(addresses.notifications(project)) },
        { text: id, href: href(addresses.notification(project, id)) },
      )}
      actions={actions}
      error={error}
      onRetry={() => void refetch()}
    >
      {isPending && <Spinner />}
      {notification && (
        <SpaceBetween size="l">
          <Troubles project={project} notification={notification} isManager={isManager} />
          <Settings notification={notification} />
          <Deliveries project={project} notification={notification} isManager={isManager} />
        </SpaceBetween>
      )}
      {open?.dialog === "edit" && read && (
        <NotificationForm
          project={project}
          before={{ notification: read.data, etag: read.etag }}
          onClose={close}
          onSaved={(secret) => setOpen(secret && { dialog: "secret", secret })}
        />
      )}
      {open?.dialog === "rotate" && <RotateSecret project={project} id={id} onClose={close} onRotated={(secret) => setOpen({ dialog: "secret", secret })} />}
      {open?.dialog === "delete" && <DeleteNotification project={project} id={id} onClose={close} />}
      {open?.dialog === "secret" && <WebhookSecret {...open.secret} onClose={close} />}
    </Page>
  );
}

interface TroublesProps {
  readonly project: string;
  readonly notification: Notification;
  readonly isManager: boolean;
}

/** Why nothing is sent, and what can be done about it. */
function Troubles({ project, notification, isManager }: TroublesProps): ReactNode {
  const words = notificationTexts();
  const api = useApi();
  const { id, kind, address, events, statuses, confirmation, disabled_at, previous_secret_ends_at } = notification;
  const askAgain = useChange(
    () =>
      answered(
        api.PUT("/projects/{project}/notifications/{id}", { params: { path: { project, id } }, body: { kind, address, events, statuses } }),
      ),
    { changes: [["projects", project, "notifications"]], done: () => words.askedAgain(id) },
  );
  const ask = isManager && (
    <Button loading={askAgain.isPending} onClick={() => askAgain.mutate()}>
      {words.askAgain}
    </Button>
  );
  return (
    <>
      <ProblemAlert error={askAgain.error} />
      {confirmation === "pending" && (
        <Alert type="info" header={words.pending} action={ask}>
          {words.pendingHelp}
        </Alert>
      )}
      {confirmation === "ended" && (
        <Alert type="warning" header={words.ended} action={ask}>
          {words.endedHelp}
        </Alert>
      )}
      {disabled_at !== null && kind === "webhook" && (
        <Alert type="warning" header={words.disabled}>
          {words.disabledSince(moment(disabled_at))}
        </Alert>
      )}
      {previous_secret_ends_at !== null && new Date(previous_secret_ends_at) > new Date() && (
        <Alert type="info">{words.rotating(moment(previous_secret_ends_at))}</Alert>
      )}
    </>
  );
}

function Settings({ notification }: { readonly notification: Notification }): ReactNode {
  const words = notificationTexts();
  const shell = shellTexts();
  const [sign, state] = stateOf(notification);
  return (
    <Container>
      <KeyValuePairs
        columns={3}
        items={[
          { label: words.state, value: <StatusIndicator type={sign}>{state}</StatusIndicator> },
          { label: words.kind, value: notification.kind === "mail" ? words.mail : words.webhook },
          { label: words.receiver, value: <Box variant="code">{receiverOf(notification)}</Box> },
          { label: words.events, value: notification.events?.map(eventText).join(", ") ?? words.allEvents },
          { label: words.statuses, value: notification.statuses?.map(statusText).join(", ") ?? words.anyStatus },
          { label: words.createdBy, value: notification.created_by },
          { label: shell.created, value: moment(notification.created_at) },
          { label: words.updated, value: moment(notification.updated_at) },
        ]}
      />
    </Container>
  );
}

interface DialogProps {
  readonly project: string;
  readonly id: string;
  readonly onClose: () => void;
}

function RotateSecret({ project, id, onClose, onRotated }: DialogProps & { readonly onRotated: (secret: Secret) => void }): ReactNode {
  const words = notificationTexts();
  const api = useApi();
  const change = useChange(
    () => answered(api.POST("/projects/{project}/notifications/{id}/rotate-secret", { params: { path: { project, id } } })),
    {
      changes: [["projects", project, "notifications"]],
      onDone: ({ secret = "" }) => onRotated({ id, secret }),
      forgetsAnswer: true,
    },
  );
  return (
    <QuestionDialog title={words.rotateTitle(id)} confirm={words.rotate} onConfirm={() => change.mutate()} onDismiss={onClose} change={change}>
      {words.rotateWarning}
    </QuestionDialog>
  );
}

function DeleteNotification({ project, id, onClose }: DialogProps): ReactNode {
  const words = notificationTexts();
  const api = useApi();
  const [, goTo] = useLocation();
  const change = useChange(() => answered(api.DELETE("/projects/{project}/notifications/{id}", { params: { path: { project, id } } })), {
    changes: [["projects", project, "notifications", "list"]],
    done: () => words.deleted(id),
    onDone: () => goTo(addresses.notifications(project)),
  });
  return (
    <QuestionDialog
      title={words.delete(id)}
      confirm={shellTexts().delete}
      onConfirm={() => change.mutate()}
      onDismiss={onClose}
      change={change}
    >
      {words.deleteWarning}
    </QuestionDialog>
  );
}
