/** The access keys of the person who is signed in, for the SageMaker-compatible endpoint. */

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Select from "@cloudscape-design/components/select";
import type { TableProps } from "@cloudscape-design/components/table";
import { type ReactNode, useState } from "react";
import { answered, type Schemas } from "../../api/client";
import { accessKeyTexts } from "../../languages/access-keys";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "../shell/addresses";
import { useChange } from "../shell/changes";
import { useApi, useMe } from "../shell/console";
import { FormDialog, QuestionDialog, SecretDialog } from "../shell/dialogs";
import { moment } from "../shell/format";
import { counterOf, ListTable, RowButton, useListed } from "../shell/listing";
import { Page } from "../shell/page";
import { faultsOf, fieldError } from "../shell/problems";

type AccessKey = Schemas["AccessKey"];
type Issued = Schemas["IssuedAccessKey"];

type Open =
  | { readonly dialog: "create" }
  | { readonly dialog: "secret"; readonly issued: Issued }
  | { readonly dialog: "delete"; readonly id: string };

export default function AccessKeysPage(): ReactNode {
  const words = accessKeyTexts();
  const shell = shellTexts();
  const api = useApi();
  const [open, setOpen] = useState<Open>();
  const list = useListed<AccessKey>(["access-keys"], () => answered(api.GET("/access-keys")));
  const create = (
    <Button variant="primary" onClick={() => setOpen({ dialog: "create" })}>
      {words.create}
    </Button>
  );
  const columns: TableProps.ColumnDefinition<AccessKey>[] = [
    { id: "key", header: words.key, sortingField: "access_key_id", isRowHeader: true, cell: ({ access_key_id }) => <Box variant="code">{access_key_id}</Box> },
    { id: "project", header: words.project, sortingField: "project", cell: ({ project }) => project ?? words.firstProject },
    { id: "created", header: shell.created, sortingField: "created_at", cell: ({ created_at }) => moment(created_at) },
    {
      id: "actions",
      header: shell.actions,
      cell: ({ access_key_id: id }) => <RowButton text={shell.delete} of={id} onClick={() => setOpen({ dialog: "delete", id })} />,
    },
  ];
  const close = (): void => setOpen(undefined);
  return (
    <Page
      title={shell.accessKeys}
      path={[{ text: shell.accessKeys, href: href(addresses.accessKeys()) }]}
      description={words.help}
      counter={counterOf(list)}
      actions={create}
      error={list.error}
      onRetry={list.refresh}
    >
      <ListTable label={shell.accessKeys} list={list} columns={columns} trackBy={({ access_key_id }) => access_key_id} empty={words.none} emptyAction={create} />
      {open?.dialog === "create" && <CreateKey onClose={close} onIssued={(issued) => setOpen({ dialog: "secret", issued })} />}
      {open?.dialog === "secret" && (
        <SecretDialog
          title={words.created}
          values={[
            [words.key, open.issued.access_key_id],
            [words.secret, open.issued.secret_access_key],
          ]}
          onDismiss={close}
        >
          {words.keep}
        </SecretDialog>
      )}
      {open?.dialog === "delete" && <DeleteKey id={open.id} onClose={close} />}
    </Page>
  );
}

interface CreateKeyProps {
  readonly onClose: () => void;
  readonly onIssued: (issued: Issued) => void;
}

function CreateKey({ onClose, onIssued }: CreateKeyProps): ReactNode {
  const words = accessKeyTexts();
  const api = useApi();
  const projects = useMe()?.projects ?? [];
  const [project, setProject] = useState("");
  const change = useChange(() => answered(api.POST("/access-keys", { body: { project: project || null } })), {
    changes: [["access-keys"]],
    onDone: onIssued,
    forgetsAnswer: true,
  });
  const options = [{ value: "", label: words.firstProject }, ...projects.map(({ name }) => ({ value: name, label: name }))];
  return (
    <FormDialog
      title={words.create}
      submit={shellTexts().create}
      onSubmit={() => change.mutate()}
      onDismiss={onClose}
      change={change}
      fields={["/project"]}
    >
      <FormField label={words.project} description={words.projectHelp} errorText={fieldError(faultsOf(change.error), "/project")}>
        <Select
          options={options}
          selectedOption={options.find(({ value }) => value === project) ?? null}
          onChange={({ detail }) => setProject(detail.selectedOption.value ?? "")}
        />
      </FormField>
    </FormDialog>
  );
}

function DeleteKey({ id, onClose }: { readonly id: string; readonly onClose: () => void }): ReactNode {
  const words = accessKeyTexts();
  const api = useApi();
  const change = useChange(() => answered(api.DELETE("/access-keys/{access_key_id}", { params: { path: { access_key_id: id } } })), {
    changes: [["access-keys"]],
    done: () => words.deleted(id),
    onDone: onClose,
  });
  return (
    <QuestionDialog
      title={words.delete(id)}
      confirm={shellTexts().delete}
      onConfirm={() => change.mutate()}
      onDismiss={onClose}
      change={change}
    >
      {words.deleteWarning}
    </QuestionDialog>
  );
}
