/** All labeling teams, for administrators. */

import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Link from "@cloudscape-design/components/link";
import type { TableProps } from "@cloudscape-design/components/table";
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { answered, type Schemas } from "../../api/client";
import { peopleTexts } from "../../languages/people";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "../shell/addresses";
import { useChange } from "../shell/changes";
import { useApi } from "../shell/console";
import { FormDialog } from "../shell/dialogs";
import { count } from "../shell/format";
import { counterOf, ITEMS_OF_A_REQUEST, ListTable, RowButton, useListed } from "../shell/listing";
import { Page } from "../shell/page";
import { faultsOf, fieldError } from "../shell/problems";
import { DeleteTeam } from "./delete-team";

type Team = Schemas["LabelingTeam"];

const LONGEST_DESCRIPTION = 200;

export default function TeamsPage(): ReactNode {
  const words = peopleTexts();
  const shell = shellTexts();
  const api = useApi();
  const [isCreating, setCreating] = useState(false);
  const [doomed, setDoomed] = useState<Team>();
  const list = useListed<Team>(["labeling-teams", "list"], (next_token) =>
    answered(api.GET("/labeling-teams", { params: { query: { limit: ITEMS_OF_A_REQUEST, next_token } } })),
  );
  const create = (
    <Button variant="primary" onClick={() => setCreating(true)}>
      {words.createTeam}
    </Button>
  );
  const columns: TableProps.ColumnDefinition<Team>[] = [
    {
      id: "name",
      header: shell.name,
      sortingField: "name",
      isRowHeader: true,
      cell: ({ name }) => <Link href={href(addresses.labelingTeam(name))}>{name}</Link>,
    },
    { id: "description", header: shell.description, cell: ({ description }) => description },
    {
      id: "workers",
      header: words.workers,
      sortingField: "member_count",
      cell: ({ member_count }) => (member_count === null ? words.workersUnknown : count(member_count)),
    },
    {
      id: "actions",
      header: shell.actions,
      cell: (team) => <RowButton text={shell.delete} of={team.name} onClick={() => setDoomed(team)} />,
    },
  ];
  return (
    <Page
      title={shell.labelingTeams}
      path={[{ text: shell.labelingTeams, href: href(addresses.labelingTeams()) }]}
      description={words.teamsHelp}
      counter={counterOf(list)}
      actions={create}
      error={list.error}
      onRetry={list.refresh}
    >
      <ListTable
        label={shell.labelingTeams}
        list={list}
        columns={columns}
        trackBy={({ name }) => name}
        searched={({ name, description }) => [name, description]}
        searchLabel={words.findTeams}
        empty={words.noTeams}
        emptyAction={create}
      />
      {isCreating && <NewTeam onClose={() => setCreating(false)} />}
      {doomed && <DeleteTeam name={doomed.name} onClose={() => setDoomed(undefined)} />}
    </Page>
  );
}

function NewTeam({ onClose }: { readonly onClose: () => void }): ReactNode {
  const words = peopleTexts();
  const shell = shellTexts();
  const api = useApi();
  const [, goTo] = useLocation();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const change = useChange(() => answered(api.POST("/labeling-teams", { body: { name: name.trim(), description } })), {
    changes: [["labeling-teams", "list"]],
    done: () => words.teamCreated(name.trim()),
    onDone: () => goTo(addresses.labelingTeam(name.trim())),
  });
  const faults = faultsOf(change.error);
  return (
    <FormDialog
      title={words.createTeam}
      submit={shell.create}
      onSubmit={() => change.mutate()}
      onDismiss={onClose}
      change={change}
      fields={["/name", "/description"]}
    >
      <FormField label={words.teamName} constraintText={words.teamNameHelp} errorText={fieldError(faults, "/name")}>
        <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus autoComplete={false} spellcheck={false} />
      </FormField>
      <FormField
        label={shell.description}
        constraintText={words.teamDescriptionHelp(count(LONGEST_DESCRIPTION - [...description].length))}
        errorText={fieldError(faults, "/description")}
        stretch
      >
        <Input value={description} onChange={({ detail }) => setDescription(detail.value)} autoComplete={false} />
      </FormField>
    </FormDialog>
  );
}
