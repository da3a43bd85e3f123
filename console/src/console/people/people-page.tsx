/** Everybody in the user pool, for administrators. */

import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Link from "@cloudscape-design/components/link";
import type { TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { type ReactNode, useState } from "react";
import { answered, type Schemas } from "../../api/client";
import { peopleTexts } from "../../languages/people";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "../shell/addresses";
import { useChange } from "../shell/changes";
import { useApi } from "../shell/console";
import { FormDialog } from "../shell/dialogs";
import { moment } from "../shell/format";
import { counterOf, ListTable, useListed } from "../shell/listing";
import { Page } from "../shell/page";
import { faultsOf, fieldError } from "../shell/problems";
import { PersonActions } from "./person-actions";
import { PersonStatus } from "./person-status";

type Person = Schemas["Person"];

/** As many as the user pool tells at once. */
const PEOPLE_OF_A_REQUEST = 60;

export default function PeoplePage(): ReactNode {
  const words = peopleTexts();
  const shell = shellTexts();
  const api = useApi();
  const [typed, setTyped] = useState("");
  const [isInviting, setInviting] = useState(false);
  // What is typed, once typing pauses: the API looks for it.
  const [search, setSearch] = useState("");
  const list = useListed<Person>(["people", "list", search], (next_token) =>
    answered(api.GET("/people", { params: { query: { limit: PEOPLE_OF_A_REQUEST, next_token, ...(search && { search }) } } })),
  );
  const columns: TableProps.ColumnDefinition<Person>[] = [
    {
      id: "username",
      header: words.userName,
      sortingField: "username",
      isRowHeader: true,
      minWidth: 160,
      cell: ({ username }) => <Link href={href(addresses.person(username))}>{username}</Link>,
    },
    { id: "mail", header: words.mail, sortingField: "email", minWidth: 180, cell: ({ email }) => email ?? shell.none },
    { id: "status", header: shell.status, sortingField: "status", minWidth: 130, cell: (person) => <PersonStatus person={person} /> },
    { id: "created", header: shell.created, sortingField: "created_at", minWidth: 150, cell: ({ created_at }) => moment(created_at) },
    { id: "actions", header: shell.actions, minWidth: 180, cell: (person) => <PersonActions person={person} /> },
  ];
  return (
    <Page
      title={shell.people}
      path={[{ text: shell.people, href: href(addresses.people()) }]}
      description={words.peopleHelp}
      counter={counterOf(list)}
      actions={
        <Button variant="primary" onClick={() => setInviting(true)}>
          {words.addPerson}
        </Button>
      }
      error={list.error}
      onRetry={list.refresh}
    >
      <ListTable
        label={shell.people}
        list={list}
        columns={columns}
        trackBy={({ username }) => username}
        filters={
          <div style={{ flex: "1 1 16rem", maxInlineSize: "28rem" }}>
            <TextFilter
              filteringText={typed}
              onChange={({ detail }) => setTyped(detail.filteringText)}
              onDelayedChange={({ detail }) => setSearch(detail.filteringText.trim())}
              filteringAriaLabel={words.findPeople}
              filteringPlaceholder={words.findPeople}
            />
          </div>
        }
        empty={search === "" ? words.nobody : words.nobodyFound}
      />
      {isInviting && <InvitePerson onClose={() => setInviting(false)} />}
    </Page>
  );
}

function InvitePerson({ onClose }: { readonly onClose: () => void }): ReactNode {
  const words = peopleTexts();
  const api = useApi();
  const [username, setUsername] = useState("");
  const [email, setEmail] = useState("");
  const change = useChange(() => answered(api.POST("/people", { body: { username: username.trim(), email: email.trim() } })), {
    changes: [["people"]],
    done: () => words.personInvited(username.trim()),
    onDone: onClose,
  });
  const faults = faultsOf(change.error);
  return (
    <FormDialog
      title={words.addPerson}
      submit={words.invite}
      onSubmit={() => change.mutate()}
      onDismiss={onClose}
      change={change}
      fields={["/username", "/email"]}
    >
      <FormField label={words.userName} constraintText={words.userNameHelp} errorText={fieldError(faults, "/username")}>
        <Input value={username} onChange={({ detail }) => setUsername(detail.value)} autoFocus autoComplete={false} spellcheck={false} />
      </FormField>
      <FormField label={words.mail} description={words.mailHelp} errorText={fieldError(faults, "/email")}>
        <Input type="email" value={email} onChange={({ detail }) => setEmail(detail.value)} autoComplete={false} />
      </FormField>
    </FormDialog>
  );
}
