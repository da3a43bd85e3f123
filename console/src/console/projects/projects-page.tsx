/** The projects of the person who is signed in; of everybody for administrators, who make and delete them. */

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { TableProps } from "@cloudscape-design/components/table";
import { type ReactNode, useState } from "react";
import { answered, type Schemas } from "../../api/client";
import { projectTexts } from "../../languages/projects";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "../shell/addresses";
import { useApi, useMe } from "../shell/console";
import { moment } from "../shell/format";
import { counterOf, ITEMS_OF_A_REQUEST, ListTable, RowButton, RowButtons, useListed } from "../shell/listing";
import { Page } from "../shell/page";
import { DeleteProject } from "./delete-project";
import { DescribeProject } from "./describe-project";
import { NewProject } from "./new-project";

type Project = Schemas["Project"];

type Open = { readonly dialog: "new" } | { readonly dialog: "describe" | "delete"; readonly project: Project };

export default function ProjectsPage(): ReactNode {
  const words = projectTexts();
  const shell = shellTexts();
  const api = useApi();
  const me = useMe();
  const [open, setOpen] = useState<Open>();
  const list = useListed<Project>(["projects", "list"], (next_token) =>
    answered(api.GET("/projects", { params: { query: { limit: ITEMS_OF_A_REQUEST, next_token } } })),
  );
  const isAdmin = me?.is_admin ?? false;
  const roleIn = (name: string): string | undefined => me?.projects.find((each) => each.name === name)?.role;
  const create = isAdmin && (
    <Button variant="primary" onClick={() => setOpen({ dialog: "new" })}>
      {words.createProject}
    </Button>
  );
  const columns: TableProps.ColumnDefinition<Project>[] = [
    {
      id: "name",
      header: shell.name,
      sortingField: "name",
      isRowHeader: true,
      cell: ({ name, is_being_deleted }) => (
        <SpaceBetween size="xxs">
          <Link href={href(addresses.labelingJobs(name))}>{name}</Link>
          {is_being_deleted && <StatusIndicator type="warning">{words.beingDeleted}</StatusIndicator>}
        </SpaceBetween>
      ),
    },
    { id: "description", header: shell.description, cell: ({ description }) => description || shell.none },
    { id: "role", header: words.role, cell: ({ name }) => roleText(roleIn(name)), sortingComparator: (one, other) => roleText(roleIn(one.name)).localeCompare(roleText(roleIn(other.name))) },
    { id: "created", header: shell.created, sortingField: "created_at", cell: ({ created_at }) => moment(created_at) },
    {
      id: "actions",
      header: shell.actions,
      cell: (project) => (
        <RowButtons>
          {roleIn(project.name) === "owner" && !project.is_being_deleted && (
            <RowButton text={shell.edit} of={project.name} onClick={() => setOpen({ dialog: "describe", project })} />
          )}
          {isAdmin && (
            <RowButton
              text={project.is_being_deleted ? words.finishDeletion : shell.delete}
              of={project.name}
              onClick={() => setOpen({ dialog: "delete", project })}
            />
          )}
        </RowButtons>
      ),
    },
  ];
  const close = (): void => setOpen(undefined);
  return (
    <Page title={shell.projects} path={[]} counter={counterOf(list)} actions={create} error={list.error} onRetry={list.refresh}>
      <ListTable
        label={shell.projects}
        list={list}
        columns={columns}
        trackBy={({ name }) => name}
        searched={({ name, description }) => [name, description]}
        searchLabel={words.findProjects}
        empty={isAdmin ? words.noProjectsAtAll : words.noProjects}
        emptyAction={isAdmin ? create : <Box color="text-body-secondary">{words.noProjectsHelp}</Box>}
      />
      {open?.dialog === "new" && <NewProject onClose={close} />}
      {open?.dialog === "describe" && <DescribeProject name={open.project.name} onClose={close} />}
      {open?.dialog === "delete" && <DeleteProject project={open.project} onClose={close} />}
    </Page>
  );
}

function roleText(role: string | undefined): string {
  const shell = shellTexts();
  if (role === undefined) return shell.roleAdmin;
  return role === "owner" ? shell.roleOwner : shell.roleCollaborator;
}
