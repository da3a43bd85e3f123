/** A notification to be: a new one, or another shape for one that is there. */

import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Multiselect from "@cloudscape-design/components/multiselect";
import RadioGroup from "@cloudscape-design/components/radio-group";
import { type ReactNode, useState } from "react";
import { ABSENT, answered, Problem, type Schemas } from "../../api/client";
import { notificationTexts } from "../../languages/notifications";
import { shellTexts } from "../../languages/shell";
import { useChange } from "../shell/changes";
import { useApi } from "../shell/console";
import { FormDialog } from "../shell/dialogs";
import { faultsOf, fieldError } from "../shell/problems";
import { STATUSES, statusText } from "../shell/status";
import { EVENTS, eventText, type Notification } from "./notification";
import type { Secret } from "./webhook-secret";

interface NotificationFormProps {
  readonly project: string;
  /** The one to change, with the ETag that it was read with. */
  readonly before?: { readonly notification: Notification; readonly etag: string | undefined };
  readonly onClose: () => void;
  /** Told the signing secret when one was made. */
  readonly onSaved: (secret: Secret | undefined) => void;
}

export function NotificationForm({ project, before, onClose, onSaved }: NotificationFormProps): ReactNode {
  const words = notificationTexts();
  const shell = shellTexts();
  const api = useApi();
  const known = before?.notification;
  const [typed, setId] = useState(known?.id ?? "");
  const [kind, setKind] = useState<Schemas["NotificationKind"]>(known?.kind ?? "webhook");
  const [address, setAddress] = useState(known?.address ?? "");
  const [url, setUrl] = useState(known?.url ?? "");
  const [events, setEvents] = useState<readonly string[]>(known?.events ?? []);
  const [statuses, setStatuses] = useState<readonly string[]>(known?.statuses ?? []);
  const id = typed.trim();
  const chosenEvents = EVENTS.filter((each) => events.includes(each));
  const chosenStatuses = STATUSES.filter((each) => statuses.includes(each));
  const change = useChange(
    () =>
      answered(
        api.PUT("/projects/{project}/notifications/{id}", {
          params: { path: { project, id }, header: { "If-Match": before ? before.etag : ABSENT } },
          body: {
            kind,
            ...(kind === "mail" ? { address: address.trim() } : { url: url.trim() }),
            events: chosenEvents.length > 0 ? chosenEvents : null,
            statuses: chosenStatuses.length > 0 ? chosenStatuses : null,
          },
        }),
      ),
    {
      changes: [["projects", project, "notifications"]],
      done: () => words.saved(id),
      onDone: ({ secret }) => onSaved(secret === undefined ? undefined : { id, secret }),
      forgetsAnswer: true,
    },
  );
  const isTaken = before === undefined && change.error instanceof Problem && change.error.status === 412;
  const faults = faultsOf(change.error);
  return (
    <FormDialog
      title={known ? words.edit(known.id) : words.add}
      submit={known ? shell.save : shell.add}
      onSubmit={() => change.mutate()}
      onDismiss={onClose}
      change={{ isPending: change.isPending, error: isTaken ? null : change.error }}
      fields={["/id", "/kind", "/address", "/url", "/events", "/statuses"]}
      isDisabled={id === ""}
    >
      {!known && (
        <FormField label={words.id} constraintText={words.idHelp} errorText={isTaken ? words.taken : fieldError(faults, "/id")}>
          <Input value={typed} onChange={({ detail }) => setId(detail.value)} autoFocus autoComplete={false} spellcheck={false} />
        </FormField>
      )}
      <FormField label={words.kind} errorText={fieldError(faults, "/kind")}>
        <RadioGroup
          value={kind}
          onChange={({ detail }) => setKind(detail.value as Schemas["NotificationKind"])}
          items={[
            { value: "webhook", label: words.webhook, description: words.webhookHelp },
            { value: "mail", label: words.mail, description: words.mailHelp },
          ]}
        />
      </FormField>
      {kind === "mail" ? (
        <FormField label={words.address} errorText={fieldError(faults, "/address")}>
          <Input type="email" value={address} onChange={({ detail }) => setAddress(detail.value)} autoComplete={false} />
        </FormField>
      ) : (
        <FormField label={words.url} constraintText={words.urlHelp} errorText={fieldError(faults, "/url")} stretch>
          <Input type="url" value={url} onChange={({ detail }) => setUrl(detail.value)} autoComplete={false} spellcheck={false} />
        </FormField>
      )}
      <Choices
        label={words.events}
        description={words.eventsHelp}
        placeholder={words.chooseEvents}
        options={EVENTS.map((value) => ({ value, label: eventText(value) }))}
        chosen={events}
        onChange={setEvents}
        error={fieldError(faults, "/events")}
      />
      <Choices
        label={words.statuses}
        description={words.statusesHelp}
        placeholder={words.chooseStatuses}
        options={STATUSES.map((value) => ({ value, label: statusText(value) }))}
        chosen={statuses}
        onChange={setStatuses}
        error={fieldError(faults, "/statuses")}
      />
    </FormDialog>
  );
}

interface ChoicesProps {
  readonly label: string;
  readonly description: string;
  readonly placeholder: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
  readonly error: ReactNode;
}

function Choices({ label, description, placeholder, options, chosen, onChange, error }: ChoicesProps): ReactNode {
  return (
    <FormField label={label} description={description} errorText={error}>
      <Multiselect
        options={options}
        selectedOptions={options.filter(({ value }) => chosen.includes(value))}
        onChange={({ detail }) => onChange(detail.selectedOptions.flatMap(({ value }) => value ?? []))}
        placeholder={placeholder}
      />
    </FormField>
  );
}
