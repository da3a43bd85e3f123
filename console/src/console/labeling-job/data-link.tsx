/** An S3 URI that can be copied and, when it names an object within the project's data locations, opened. */

import Button from "@cloudscape-design/components/button";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import type { ReactNode } from "react";
import { answered } from "../../api/client";
import { labelingJobTexts } from "../../languages/labeling-job";
import { shellTexts } from "../../languages/shell";
import { useChange } from "../shell/changes";
import { useApi } from "../shell/console";
import { problemText } from "../shell/problems";

export function DataLink({ project, uri }: { readonly project: string; readonly uri: string }): ReactNode {
  const { copy, copied, copyFailed } = shellTexts();
  const words = labelingJobTexts();
  const api = useApi();
  // Asked for at the click: an address is good for minutes only.
  const visit = useChange(() => answered(api.GET("/projects/{project}/objects/url", { params: { path: { project }, query: { s3_uri: uri } } })), {
    changes: [],
    onDone: ({ url }) => open(url, "_blank", "noopener"),
  });
  return (
    <>
      <CopyToClipboard
        variant="inline"
        copyButtonAriaLabel={`${copy}: ${uri}`}
        copySuccessText={copied}
        copyErrorText={copyFailed}
        textToCopy={uri}
        textToDisplay={<span style={{ overflowWrap: "anywhere" }}>{uri}</span>}
      />
      {!uri.endsWith("/") && (
        <>
          {" "}
          <Button variant="inline-link" ariaLabel={words.openDataOf(uri)} loading={visit.isPending} onClick={() => visit.mutate()}>
            {words.openData}
          </Button>
        </>
      )}
      {visit.error && <div role="alert">{problemText(visit.error)}</div>}
    </>
  );
}
