/** Where a project's labeling jobs may read and write. Administrators decide. */

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import type { TableProps } from "@cloudscape-design/components/table";
import { type ReactNode, useState } from "react";
import { ABSENT, answered, Problem, type Schemas } from "../../api/client";
import { projectTexts } from "../../languages/projects";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "../shell/addresses";
import { useChange } from "../shell/changes";
import { useApi, useStanding } from "../shell/console";
import { FormDialog, QuestionDialog } from "../shell/dialogs";
import { counterOf, ListTable, RowButton, RowButtons, useListed } from "../shell/listing";
import { Page, projectPath } from "../shell/page";
import type { PageParameters } from "../shell/pages";
import { faultsOf, fieldError } from "../shell/problems";
import { OtherBucket } from "./other-bucket";

type Location = Schemas["DataLocation"];
type Access = Schemas["DataLocationAccess"];

type Open = { readonly dialog: "add" } | { readonly dialog: "edit" | "delete"; readonly location: Location };

/** The id of a project's own prefix. */
const OWN = "default";

export default function DataLocationsPage({ parameters: { project = "" } }: { readonly parameters: PageParameters }): ReactNode {
  const words = projectTexts();
  const shell = shellTexts();
  const api = useApi();
  const { isAdmin } = useStanding(project);
  const [open, setOpen] = useState<Open>();
  const list = useListed<Location>(["projects", project, "data-locations"], () =>
    answered(api.GET("/projects/{project}/data-locations", { params: { path: { project } } })),
  );
  const columns: TableProps.ColumnDefinition<Location>[] = [
    { id: "id", header: words.locationId, sortingField: "id", isRowHeader: true, cell: ({ id }) => id },
    { id: "prefix", header: words.prefix, sortingField: "s3_prefix", cell: ({ s3_prefix }) => <Box variant="code">{s3_prefix}</Box> },
    { id: "access", header: words.access, sortingField: "access", cell: ({ access }) => (access === "read" ? words.accessRead : words.accessReadWrite) },
  ];
  const actions: TableProps.ColumnDefinition<Location> = {
    id: "actions",
    header: shell.actions,
    cell: (location) =>
      location.id === OWN ? (
        <Box color="text-body-secondary">{words.ownPrefix}</Box>
      ) : (
        <RowButtons>
          <RowButton text={shell.edit} of={location.id} onClick={() => setOpen({ dialog: "edit", location })} />
          <RowButton text={shell.remove} of={location.id} onClick={() => setOpen({ dialog: "delete", location })} />
        </RowButtons>
      ),
  };
  const close = (): void => setOpen(undefined);
  return (
    <Page
      title={shell.dataLocations}
      path={projectPath(project, { text: shell.dataLocations, href: href(addresses.dataLocations(project)) })}
      description={words.dataLocationsHelp}
      counter={counterOf(list)}
      actions={
        isAdmin && (
          <Button variant="primary" onClick={() => setOpen({ dialog: "add" })}>
            {words.addDataLocation}
          </Button>
        )
      }
      error={list.error}
      onRetry={list.refresh}
    >
      <ListTable
        label={shell.dataLocations}
        list={list}
        columns={isAdmin ? [...columns, actions] : columns}
        trackBy={({ id }) => id}
        empty={words.noDataLocations}
      />
      {open?.dialog === "add" && <PutLocation project={project} ownPrefix={prefixOf(list.items)} onClose={close} />}
      {open?.dialog === "edit" && <PutLocation project={project} ownPrefix={prefixOf(list.items)} before={open.location} onClose={close} />}
      {open?.dialog === "delete" && <RemoveLocation project={project} location={open.location} onClose={close} />}
    </Page>
  );
}

function prefixOf(locations: readonly Location[]): string {
  return locations.find(({ id }) => id === OWN)?.s3_prefix ?? "";
}

/** `s3://bucket/prefix/` in its parts; undefined while it is something else. */
function partsOf(prefix: string): { readonly bucket: string; readonly folder: string } | undefined {
  const [, bucket, folder] = /^s3:\/\/([^/]+)\/(.+)\/$/.exec(prefix) ?? [];
  return bucket && folder ? { bucket, folder } : undefined;
}

interface PutLocationProps {
  readonly project: string;
  /** Tells which bucket is Groundwork's own. */
  readonly ownPrefix: string;
  readonly before?: Location;
  readonly onClose: () => void;
}

function PutLocation({ project, ownPrefix, before, onClose }: PutLocationProps): ReactNode {
  const words = projectTexts();
  const shell = shellTexts();
  const api = useApi();
  const [id, setId] = useState(before?.id ?? "");
  const [prefix, setPrefix] = useState(before?.s3_prefix ?? "");
  const [access, setAccess] = useState<Access>(before?.access ?? "read");
  const change = useChange(
    () =>
      answered(
        api.PUT("/projects/{project}/data-locations/{id}", {
          params: { path: { project, id: id.trim() }, ...(before === undefined && { header: { "If-Match": ABSENT } }) },
          body: { s3_prefix: prefix.trim(), access },
        }),
      ),
    { changes: [["projects", project, "data-locations"]], done: () => words.locationSaved(id.trim()), onDone: onClose },
  );
  const isThere = before === undefined && change.error instanceof Problem && change.error.status === 412;
  const faults = faultsOf(change.error);
  const wanted = partsOf(prefix.trim());
  const isElsewhere = wanted !== undefined && wanted.bucket !== partsOf(ownPrefix)?.bucket;
  return (
    <FormDialog
      title={before ? words.editDataLocation(before.id) : words.addDataLocation}
      submit={before ? shell.save : shell.add}
      onSubmit={() => change.mutate()}
      onDismiss={onClose}
      change={{ isPending: change.isPending, error: isThere ? null : change.error }}
      fields={["/id", "/s3_prefix", "/access"]}
      isDisabled={id.trim() === ""}
    >
      {before === undefined && (
        <FormField label={words.locationId} constraintText={words.locationIdHelp} errorText={isThere ? words.locationTaken : fieldError(faults, "/id")}>
          <Input value={id} onChange={({ detail }) => setId(detail.value)} autoFocus autoComplete={false} spellcheck={false} />
        </FormField>
      )}
      <FormField label={words.prefix} constraintText={words.prefixHelp} errorText={fieldError(faults, "/s3_prefix")} stretch>
        <Input
          value={prefix}
          onChange={({ detail }) => setPrefix(detail.value)}
          autoFocus={before !== undefined}
          autoComplete={false}
          spellcheck={false}
          inputMode="url"
        />
      </FormField>
      <FormField label={words.access} errorText={fieldError(faults, "/access")}>
        <RadioGroup
          value={access}
          onChange={({ detail }) => setAccess(detail.value as Access)}
          items={[
            { value: "read", label: words.accessRead, description: words.accessReadHelp },
            { value: "read_write", label: words.accessReadWrite, description: words.accessReadWriteHelp },
          ]}
        />
      </FormField>
      {isElsewhere && <OtherBucket bucket={wanted.bucket} folder={wanted.folder} />}
    </FormDialog>
  );
}

interface RemoveLocationProps {
  readonly project: string;
  readonly location: Location;
  readonly onClose: () => void;
}

function RemoveLocation({ project, location: { id }, onClose }: RemoveLocationProps): ReactNode {
  const words = projectTexts();
  const api = useApi();
  const change = useChange(() => answered(api.DELETE("/projects/{project}/data-locations/{id}", { params: { path: { project, id } } })), {
    changes: [["projects", project, "data-locations"]],
    done: () => words.locationDeleted(id),
    onDone: onClose,
  });
  return (
    <QuestionDialog
      title={words.deleteDataLocation(id)}
      confirm={shellTexts().remove}
      onConfirm={() => change.mutate()}
      onDismiss={onClose}
      change={change}
    >
      {words.deleteDataLocationWarning}
    </QuestionDialog>
  );
}
