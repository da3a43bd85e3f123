/** One labeling team and its members, for administrators. */

import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { TableProps } from "@cloudscape-design/components/table";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { answered } from "../../api/client";
import { peopleTexts } from "../../languages/people";
import { shellTexts } from "../../languages/shell";
import { PersonField } from "../people/person-field";
import { addresses, href } from "../shell/addresses";
import { useChange } from "../shell/changes";
import { useApi } from "../shell/console";
import { FormDialog, QuestionDialog } from "../shell/dialogs";
import { counterOf, type Listed, ListTable, RowButton } from "../shell/listing";
import { Page } from "../shell/page";
import type { PageParameters } from "../shell/pages";
import { faultsOf, fieldError } from "../shell/problems";
import { DeleteTeam } from "./delete-team";

interface Member {
  readonly username: string;
}

type Open = { readonly dialog: "add" | "delete" } | { readonly dialog: "remove"; readonly username: string };

export default function TeamPage({ parameters: { team = "" } }: { readonly parameters: PageParameters }): ReactNode {
  const words = peopleTexts();
  const shell = shellTexts();
  const api = useApi();
  const [, goTo] = useLocation();
  const [open, setOpen] = useState<Open>();
  const query = useQuery({
    queryKey: ["labeling-teams", "one", team],
    queryFn: () => answered(api.GET("/labeling-teams/{team}", { params: { path: { team } } })),
  });
  const list: Listed<Member> = {
    items: query.data?.members ?? [],
    isLoading: query.isPending,
    isRefreshing: query.isFetching,
    error: query.error,
    hasMore: false,
    loadMore: () => query.refetch(),
    refresh: () => void query.refetch(),
  };
  const columns: TableProps.ColumnDefinition<Member>[] = [
    {
      id: "username",
      header: words.userName,
      sortingField: "username",
      isRowHeader: true,
      cell: ({ username }) => <Link href={href(addresses.person(username))}>{username}</Link>,
    },
    {
      id: "actions",
      header: shell.actions,
      cell: ({ username }) => <RowButton text={shell.remove} of={username} onClick={() => setOpen({ dialog: "remove", username })} />,
    },
  ];
  const close = (): void => setOpen(undefined);
  return (
    <Page
      title={team}
      path={[
        { text: shell.labelingTeams, href: href(addresses.labelingTeams()) },
        { text: team, href: href(addresses.labelingTeam(team)) },
      ]}
      description={query.data?.description}
      actions={query.data && <Button onClick={() => setOpen({ dialog: "delete" })}>{shell.delete}</Button>}
      error={query.error}
      onRetry={list.refresh}
    >
      {query.data?.members === null ? (
        <Alert type="info">{words.teamMembersElsewhere}</Alert>
      ) : (
        <ListTable
          label={words.teamMembers}
          list={list}
          columns={columns}
          trackBy={({ username }) => username}
          searched={({ username }) => [username]}
          searchLabel={words.findWorkers}
          empty={words.noTeamMembers}
          header={
            <Header
              counter={counterOf(list)}
              actions={
                <SpaceBetween direction="horizontal" size="xs">
                  <Button variant="primary" disabled={query.data === undefined} onClick={() => setOpen({ dialog: "add" })}>
                    {words.addWorker}
                  </Button>
                </SpaceBetween>
              }
            >
              {words.teamMembers}
            </Header>
          }
        />
      )}
      {open?.dialog === "add" && <AddWorker team={team} onClose={close} />}
      {open?.dialog === "remove" && <RemoveWorker team={team} username={open.username} onClose={close} />}
      {open?.dialog === "delete" && <DeleteTeam name={team} onClose={close} onDone={() => goTo(addresses.labelingTeams())} />}
    </Page>
  );
}

interface DialogProps {
  readonly team: string;
  readonly onClose: () => void;
}

const CHANGED = [["labeling-teams"], ["me"], ["people"]];

function AddWorker({ team, onClose }: DialogProps): ReactNode {
  const words = peopleTexts();
  const api = useApi();
  const [name, setName] = useState("");
  const username = name.trim();
  const change = useChange(() => answered(api.PUT("/labeling-teams/{team}/members/{username}", { params: { path: { team, username } } })), {
    changes: CHANGED,
    done: () => words.workerAdded(username, team),
    onDone: onClose,
  });
  return (
    <FormDialog
      title={words.addWorker}
      submit={shellTexts().add}
      onSubmit={() => change.mutate()}
      onDismiss={onClose}
      change={change}
      fields={["/username"]}
      isDisabled={username === ""}
    >
      <PersonField label={words.userName} value={name} onChange={setName} error={fieldError(faultsOf(change.error), "/username")} autoFocus />
    </FormDialog>
  );
}

function RemoveWorker({ team, username, onClose }: DialogProps & { readonly username: string }): ReactNode {
  const words = peopleTexts();
  const api = useApi();
  const change = useChange(() => answered(api.DELETE("/labeling-teams/{team}/members/{username}", { params: { path: { team, username } } })), {
    changes: CHANGED,
    done: () => words.workerRemoved(username, team),
    onDone: onClose,
  });
  return (
    <QuestionDialog
      title={words.removeWorker(username, team)}
      confirm={shellTexts().remove}
      onConfirm={() => change.mutate()}
      onDismiss={onClose}
      change={change}
    >
      {words.removeWorkerWarning}
    </QuestionDialog>
  );
}
