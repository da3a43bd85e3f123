import Box from "@cloudscape-design/components/box";
import Link from "@cloudscape-design/components/link";
import type { ReactNode } from "react";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "./addresses";
import { Page } from "./page";

/** For an address that names nothing. */
export function NoPage(): ReactNode {
  const words = shellTexts();
  return (
    <Page title={words.noPage} path={[]}>
      <Box>{words.noPageHelp}</Box>
      <Link href={href(addresses.projects())}>{words.toProjects}</Link>
    </Page>
  );
}
