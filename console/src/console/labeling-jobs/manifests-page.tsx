/** The manifests that were built of all data objects under a prefix, and the form that asks for another one. */

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { TableProps } from "@cloudscape-design/components/table";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { answered, type Schemas } from "../../api/client";
import { labelingJobsTexts } from "../../languages/labeling-jobs";
import { shellTexts } from "../../languages/shell";
import { wizardTexts } from "../../languages/wizard";
import { LocationInput } from "../data-browser/location-input";
import { addresses, href } from "../shell/addresses";
import { useChange } from "../shell/changes";
import { useApi, useStanding } from "../shell/console";
import { FormDialog } from "../shell/dialogs";
import { count, moment } from "../shell/format";
import { counterOf, ITEMS_OF_A_REQUEST, ListTable, RowButton, useListed } from "../shell/listing";
import { Page, projectPath } from "../shell/page";
import type { PageParameters } from "../shell/pages";
import { faultsOf, fieldError } from "../shell/problems";
import { ManifestFindings } from "./manifest-findings";

const DataBrowser = lazy(() => import("../data-browser/data-browser"));

type Manifest = Schemas["BuiltManifest"];
type Category = Manifest["task_category"];

export default function ManifestsPage({ parameters: { project = "" } }: { readonly parameters: PageParameters }): ReactNode {
  const words = labelingJobsTexts();
  const shell = shellTexts();
  const api = useApi();
  const { isMember } = useStanding(project);
  const [isBuilding, setBuilding] = useState(false);
  const [shown, setShown] = useState<Manifest>();
  const list = useListed<Manifest>(
    ["projects", project, "manifests"],
    (next_token) =>
      answered(api.GET("/projects/{project}/manifests", { params: { path: { project }, query: { limit: ITEMS_OF_A_REQUEST, next_token } } })),
    { isMoving: ({ state }) => state === "building" },
  );
  const build = isMember && (
    <Button variant="primary" onClick={() => setBuilding(true)}>
      {words.build}
    </Button>
  );
  const columns: TableProps.ColumnDefinition<Manifest>[] = [
    {
      id: "name",
      header: shell.name,
      sortingField: "name",
      isRowHeader: true,
      minWidth: 160,
      cell: ({ name }) => name,
    },
    { id: "state", header: words.state, sortingField: "state", minWidth: 200, cell: (manifest) => <State manifest={manifest} /> },
    { id: "category", header: words.category, sortingField: "task_category", cell: ({ task_category }) => (task_category === "Image" ? words.categoryImage : words.categoryText) },
    { id: "prefix", header: words.prefix, sortingField: "input_prefix_uri", minWidth: 220, cell: ({ input_prefix_uri }) => <Box variant="code">{input_prefix_uri}</Box> },
    { id: "created", header: shell.created, sortingField: "created_at", minWidth: 150, cell: ({ created_at }) => moment(created_at) },
    {
      id: "actions",
      header: shell.actions,
      cell: (manifest) => <RowButton text={words.details} of={manifest.name} onClick={() => setShown(manifest)} />,
    },
  ];
  return (
    <Page
      title={shell.manifests}
      path={projectPath(project, { text: shell.manifests, href: href(addresses.manifests(project)) })}
      description={words.manifestsHelp}
      counter={counterOf(list)}
      actions={build}
      error={list.error}
      onRetry={list.refresh}
    >
      <ListTable
        label={shell.manifests}
        list={list}
        columns={columns}
        trackBy={({ name }) => name}
        searched={({ name, input_prefix_uri }) => [name, input_prefix_uri]}
        searchLabel={words.findManifests}
        empty={words.noManifests}
        emptyAction={build}
      />
      {isBuilding && <BuildManifest project={project} onClose={() => setBuilding(false)} />}
      {shown && <ManifestFindings manifest={shown} onClose={() => setShown(undefined)} />}
    </Page>
  );
}

function State({ manifest: { state, files, objects, errors, warnings } }: { readonly manifest: Manifest }): ReactNode {
  const words = labelingJobsTexts();
  const sign = { building: "loading", built: "success", failed: "error" } as const;
  const text = { building: words.building, built: words.built, failed: words.buildFailed };
  return (
    <SpaceBetween size="xxs">
      <StatusIndicator type={sign[state]}>{text[state]}</StatusIndicator>
      <Box color="text-body-secondary">{words.filesAndObjects(count(files), count(objects))}</Box>
      {errors > 0 && <StatusIndicator type="warning">{words.errors(count(errors))}</StatusIndicator>}
      {warnings > 0 && <StatusIndicator type="info">{words.warnings(count(warnings))}</StatusIndicator>}
    </SpaceBetween>
  );
}

interface BuildManifestProps {
  readonly project: string;
  readonly onClose: () => void;
}

function BuildManifest({ project, onClose }: BuildManifestProps): ReactNode {
  const words = labelingJobsTexts();
  const api = useApi();
  const [name, setName] = useState("");
  const [prefix, setPrefix] = useState("");
  const [category, setCategory] = useState<Category>("Image");
  const [isBrowsing, setBrowsing] = useState(false);
  const change = useChange(
    () =>
      answered(
        api.POST("/projects/{project}/manifests", {
          params: { path: { project } },
          body: { name: name.trim(), input_prefix_uri: prefix.trim(), task_category: category },
        }),
      ),
    { changes: [["projects", project, "manifests"]], done: () => words.buildAsked(name.trim()), onDone: onClose },
  );
  const faults = faultsOf(change.error);
  if (isBrowsing) {
    const choose = (chosen: string): void => {
      setPrefix(chosen);
      setBrowsing(false);
    };
    return (
      <Suspense fallback={null}>
        <DataBrowser project={project} title={words.prefix} kind="prefix" isWritten={false} start={prefix} onChoose={choose} onClose={() => setBrowsing(false)} />
      </Suspense>
    );
  }
  return (
    <FormDialog
      title={words.build}
      submit={words.buildSubmit}
      onSubmit={() => change.mutate()}
      onDismiss={onClose}
      change={change}
      fields={["/name", "/input_prefix_uri", "/task_category"]}
    >
      <FormField label={words.manifestName} constraintText={words.manifestNameHelp} errorText={fieldError(faults, "/name")}>
        <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus autoComplete={false} spellcheck={false} />
      </FormField>
      <FormField label={words.prefix} constraintText={words.prefixHelp} errorText={fieldError(faults, "/input_prefix_uri")} stretch>
        <LocationInput label={words.prefix} browse={wizardTexts().browseOrUpload} value={prefix} onChange={setPrefix} onBrowse={() => setBrowsing(true)} />
      </FormField>
      <FormField label={words.category} errorText={fieldError(faults, "/task_category")}>
        <RadioGroup
          value={category}
          onChange={({ detail }) => setCategory(detail.value as Category)}
          items={[
            { value: "Image", label: words.categoryImage, description: words.categoryImageHelp },
            { value: "Text", label: words.categoryText, description: words.categoryTextHelp },
          ]}
        />
      </FormField>
    </FormDialog>
  );
}
