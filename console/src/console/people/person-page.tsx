/** One person, for administrators. */

import Container from "@cloudscape-design/components/container";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { answered } from "../../api/client";
import { peopleTexts } from "../../languages/people";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "../shell/addresses";
import { useApi } from "../shell/console";
import { moment } from "../shell/format";
import { Page } from "../shell/page";
import type { PageParameters } from "../shell/pages";
import { PersonActions } from "./person-actions";
import { PersonStatus } from "./person-status";

export default function PersonPage({ parameters: { username = "" } }: { readonly parameters: PageParameters }): ReactNode {
  const words = peopleTexts();
  const shell = shellTexts();
  const api = useApi();
  const { data: person, error, isPending, refetch } = useQuery({
    queryKey: ["people", "one", username],
    queryFn: () => answered(api.GET("/people/{username}", { params: { path: { username } } })),
  });
  const teams = person?.labeling_teams ?? [];
  return (
    <Page
      title={username}
      path={[
        { text: shell.people, href: href(addresses.people()) },
        { text: username, href: href(addresses.person(username)) },
      ]}
      actions={person && <PersonActions person={person} />}
      error={error}
      onRetry={() => void refetch()}
    >
      {isPending && <Spinner />}
      {person && (
        <Container>
          <KeyValuePairs
            columns={3}
            items={[
              { label: shell.status, value: <PersonStatus person={person} /> },
              { label: words.mail, value: person.email ?? shell.none },
              { label: shell.created, value: moment(person.created_at) },
              { label: words.administrator, value: person.is_admin ? words.yes : words.no },
              {
                label: shell.labelingTeams,
                value:
                  teams.length === 0 ? (
                    shell.none
                  ) : (
                    <SpaceBetween size="xxs">
                      {teams.map((team) => (
                        <Link key={team} href={href(addresses.labelingTeam(team))}>
                          {team}
                        </Link>
                      ))}
                    </SpaceBetween>
                  ),
              },
            ]}
          />
        </Container>
      )}
    </Page>
  );
}
