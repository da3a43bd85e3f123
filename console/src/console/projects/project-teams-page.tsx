/** The labeling teams that a project's labeling jobs can be given to. */

import Button from "@cloudscape-design/components/button";
import type { TableProps } from "@cloudscape-design/components/table";
import type { ReactNode } from "react";
import { answered, type Schemas } from "../../api/client";
import { projectTexts } from "../../languages/projects";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "../shell/addresses";
import { useApi, useStanding } from "../shell/console";
import { count } from "../shell/format";
import { counterOf, ITEMS_OF_A_REQUEST, ListTable, useListed } from "../shell/listing";
import { Page, projectPath } from "../shell/page";
import type { PageParameters } from "../shell/pages";

type Team = Schemas["LabelingTeam"];

export default function ProjectTeamsPage({ parameters: { project = "" } }: { readonly parameters: PageParameters }): ReactNode {
  const words = projectTexts();
  const shell = shellTexts();
  const api = useApi();
  const { isAdmin } = useStanding(project);
  const list = useListed<Team>(["projects", project, "labeling-teams"], (next_token) =>
    answered(api.GET("/projects/{project}/labeling-teams", { params: { path: { project }, query: { limit: ITEMS_OF_A_REQUEST, next_token } } })),
  );
  const columns: TableProps.ColumnDefinition<Team>[] = [
    { id: "name", header: shell.name, sortingField: "name", isRowHeader: true, cell: ({ name }) => name },
    { id: "description", header: shell.description, cell: ({ description }) => description },
    {
      id: "workers",
      header: words.workers,
      sortingField: "member_count",
      cell: ({ member_count }) => (member_count === null ? words.workersUnknown : count(member_count)),
    },
  ];
  return (
    <Page
      title={shell.labelingTeams}
      path={projectPath(project, { text: shell.labelingTeams, href: href(addresses.projectTeams(project)) })}
      description={words.projectTeamsHelp}
      counter={counterOf(list)}
      actions={isAdmin && <Button href={href(addresses.labelingTeams())}>{words.manageTeams}</Button>}
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
      />
    </Page>
  );
}
