/** Who belongs to a project, in which role. */

import Badge from "@cloudscape-design/components/badge";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { TableProps } from "@cloudscape-design/components/table";
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { ABSENT, answered, Problem, type Schemas } from "../../api/client";
import { projectTexts } from "../../languages/projects";
import { shellTexts } from "../../languages/shell";
import { PersonField } from "../people/person-field";
import { addresses, href } from "../shell/addresses";
import { useChange } from "../shell/changes";
import { useApi, useConsole, useMe, useStanding } from "../shell/console";
import { FormDialog, QuestionDialog } from "../shell/dialogs";
import { counterOf, ListTable, RowButton, RowButtons, useListed } from "../shell/listing";
import { Page, projectPath } from "../shell/page";
import type { PageParameters } from "../shell/pages";
import { faultsOf, fieldError } from "../shell/problems";

type Member = Schemas["Member"];
type Role = Schemas["Role"];

type Open = { readonly dialog: "add" } | { readonly dialog: "role" | "remove"; readonly member: Member };

export default function MembersPage({ parameters: { project = "" } }: { readonly parameters: PageParameters }): ReactNode {
  const words = projectTexts();
  const shell = shellTexts();
  const api = useApi();
  const { session } = useConsole();
  const { isManager } = useStanding(project);
  const [open, setOpen] = useState<Open>();
  const list = useListed<Member>(["projects", project, "members"], () =>
    answered(api.GET("/projects/{project}/members", { params: { path: { project } } })),
  );
  const owners = list.items.filter(({ role }) => role === "owner");
  const lastOwner = (member: Member): string | undefined => (owners.length === 1 && member.role === "owner" ? words.lastOwner : undefined);
  const add = isManager && (
    <Button variant="primary" onClick={() => setOpen({ dialog: "add" })}>
      {words.addMember}
    </Button>
  );
  const columns: TableProps.ColumnDefinition<Member>[] = [
    {
      id: "username",
      header: words.userName,
      sortingField: "username",
      isRowHeader: true,
      cell: ({ username }) => (
        <SpaceBetween direction="horizontal" size="xs">
          <span>{username}</span>
          {username === session.username && <Badge>{words.you}</Badge>}
        </SpaceBetween>
      ),
    },
    { id: "role", header: words.memberRole, sortingField: "role", cell: ({ role }) => (role === "owner" ? shell.roleOwner : shell.roleCollaborator) },
  ];
  const actions: TableProps.ColumnDefinition<Member> = {
    id: "actions",
    header: shell.actions,
    cell: (member) => (
      <RowButtons>
        <RowButton
          text={words.changeRole}
          of={member.username}
          disabledReason={lastOwner(member)}
          onClick={() => setOpen({ dialog: "role", member })}
        />
        <RowButton
          text={shell.remove}
          of={member.username}
          disabledReason={lastOwner(member)}
          onClick={() => setOpen({ dialog: "remove", member })}
        />
      </RowButtons>
    ),
  };
  const close = (): void => setOpen(undefined);
  return (
    <Page
      title={shell.members}
      path={projectPath(project, { text: shell.members, href: href(addresses.members(project)) })}
      description={words.membersHelp}
      counter={counterOf(list)}
      actions={add}
      error={list.error}
      onRetry={list.refresh}
    >
      <ListTable
        label={shell.members}
        list={list}
        columns={isManager ? [...columns, actions] : columns}
        trackBy={({ username }) => username}
        searched={({ username }) => [username]}
        searchLabel={words.findMembers}
        empty={words.noMembers}
      />
      {open?.dialog === "add" && <AddMember project={project} onClose={close} />}
      {open?.dialog === "role" && <ChangeRole project={project} member={open.member} onClose={close} />}
      {open?.dialog === "remove" && <RemoveMember project={project} member={open.member} onClose={close} />}
    </Page>
  );
}

interface DialogProps {
  readonly project: string;
  readonly onClose: () => void;
}

const changedIn = (project: string): readonly (readonly string[])[] => [["projects", project, "members"], ["me"]];

function AddMember({ project, onClose }: DialogProps): ReactNode {
  const words = projectTexts();
  const api = useApi();
  const [username, setUsername] = useState("");
  const [role, setRole] = useState<Role>("collaborator");
  const change = useChange(
    () =>
      answered(
        api.PUT("/projects/{project}/members/{username}", {
          params: { path: { project, username: username.trim() }, header: { "If-Match": ABSENT } },
          body: { role },
        }),
      ),
    { changes: changedIn(project), done: () => words.memberAdded(username.trim()), onDone: onClose },
  );
  const isThere = change.error instanceof Problem && change.error.status === 412;
  return (
    <FormDialog
      title={words.addMember}
      submit={shellTexts().add}
      onSubmit={() => change.mutate()}
      onDismiss={onClose}
      change={{ isPending: change.isPending, error: isThere ? null : change.error }}
      fields={["/username", "/role"]}
      isDisabled={username.trim() === ""}
    >
      <PersonField
        label={words.userName}
        description={words.userNameHelp}
        value={username}
        onChange={setUsername}
        autoFocus
        error={isThere ? words.alreadyMember : fieldError(faultsOf(change.error), "/username")}
      />
      <RoleField value={role} onChange={setRole} error={fieldError(faultsOf(change.error), "/role")} />
    </FormDialog>
  );
}

function ChangeRole({ project, member, onClose }: DialogProps & { readonly member: Member }): ReactNode {
  const words = projectTexts();
  const api = useApi();
  const [role, setRole] = useState<Role>(member.role);
  const path = { project, username: member.username };
  const change = useChange(() => answered(api.PUT("/projects/{project}/members/{username}", { params: { path }, body: { role } })), {
    changes: changedIn(project),
    done: () => words.roleChanged(member.username),
    onDone: onClose,
  });
  return (
    <FormDialog
      title={words.roleOf(member.username)}
      submit={shellTexts().save}
      onSubmit={() => change.mutate()}
      onDismiss={onClose}
      change={change}
      fields={["/role"]}
    >
      <RoleField value={role} onChange={setRole} error={fieldError(faultsOf(change.error), "/role")} />
    </FormDialog>
  );
}

interface RoleFieldProps {
  readonly value: Role;
  readonly onChange: (role: Role) => void;
  readonly error: ReactNode;
}

function RoleField({ value, onChange, error }: RoleFieldProps): ReactNode {
  const words = projectTexts();
  const shell = shellTexts();
  return (
    <FormField label={words.memberRole} errorText={error}>
      <RadioGroup
        value={value}
        onChange={({ detail }) => onChange(detail.value as Role)}
        items={[
          { value: "collaborator", label: shell.roleCollaborator, description: words.roleCollaboratorHelp },
          { value: "owner", label: shell.roleOwner, description: words.roleOwnerHelp },
        ]}
      />
    </FormField>
  );
}

function RemoveMember({ project, member: { username }, onClose }: DialogProps & { readonly member: Member }): ReactNode {
  const words = projectTexts();
  const api = useApi();
  const me = useMe();
  const [, goTo] = useLocation();
  const isMe = username === me?.username;
  const change = useChange(
    () => answered(api.DELETE("/projects/{project}/members/{username}", { params: { path: { project, username } } })),
    {
      changes: isMe && !me.is_admin ? [["me"]] : changedIn(project),
      done: () => words.memberRemoved(username),
      onDone: () => {
        onClose();
        if (isMe && !me.is_admin) goTo(addresses.projects());
      },
    },
  );
  return (
    <QuestionDialog
      title={words.removeMember(username)}
      confirm={shellTexts().remove}
      onConfirm={() => change.mutate()}
      onDismiss={onClose}
      change={change}
    >
      {isMe ? words.removeYourselfWarning : words.removeMemberWarning}
    </QuestionDialog>
  );
}
