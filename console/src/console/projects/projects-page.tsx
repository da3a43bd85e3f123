/** The projects of the person who is signed in. */

import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import Table from "@cloudscape-design/components/table";
import type { ReactNode } from "react";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "../shell/addresses";
import { useMe } from "../shell/console";
import { Page } from "../shell/page";

export default function ProjectsPage(): ReactNode {
  const words = shellTexts();
  const me = useMe();
  return (
    <Page title={words.projects} path={[]}>
      <Table
        variant="container"
        loading={me === undefined}
        loadingText={words.loading}
        items={me?.projects ?? []}
        columnDefinitions={[
          { id: "name", header: words.name, cell: ({ name }) => <Link href={href(addresses.labelingJobs(name))}>{name}</Link>, isRowHeader: true },
        ]}
        empty={<Box>{words.none}</Box>}
      />
    </Page>
  );
}
