import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { answered, answeredWithEtag } from "../../api/client";
import { projectTexts } from "../../languages/projects";
import { shellTexts } from "../../languages/shell";
import { useChange } from "../shell/changes";
import { useApi } from "../shell/console";
import { FormDialog } from "../shell/dialogs";
import { faultsOf, fieldError } from "../shell/problems";
import { DescriptionField } from "./description-field";

interface DescribeProjectProps {
  readonly name: string;
  readonly onClose: () => void;
}

/** A project's description anew, for its owners. */
export function DescribeProject({ name, onClose }: DescribeProjectProps): ReactNode {
  const words = projectTexts();
  const api = useApi();
  const path = { project: name };
  // What the dialog shows at first is what the change goes by: read once, now.
  const read = useQuery({
    queryKey: ["projects", name, "to-describe"],
    queryFn: () => answeredWithEtag(api.GET("/projects/{project}", { params: { path } })),
    staleTime: Infinity,
    gcTime: 0,
  });
  const [edited, setEdited] = useState<string>();
  const description = edited ?? read.data?.data.description ?? "";
  const change = useChange(
    () => answered(api.PATCH("/projects/{project}", { params: { path, header: { "If-Match": read.data?.etag } }, body: { description } })),
    { changes: [["projects", "list"]], done: () => words.descriptionSaved(name), onDone: onClose },
  );
  return (
    <FormDialog
      title={words.descriptionOf(name)}
      submit={shellTexts().save}
      onSubmit={() => change.mutate()}
      onDismiss={onClose}
      change={{ isPending: change.isPending, error: change.error ?? read.error }}
      fields={["/description"]}
      isDisabled={read.data === undefined}
    >
      {read.isPending ? (
        <Spinner />
      ) : (
        <DescriptionField value={description} onChange={setEdited} error={fieldError(faultsOf(change.error), "/description")} />
      )}
    </FormDialog>
  );
}
