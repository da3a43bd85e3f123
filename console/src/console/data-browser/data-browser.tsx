/** The project's data, folder by folder: to choose a file or a folder, and to upload into. */

import Box from "@cloudscape-design/components/box";
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { answered, type Schemas } from "../../api/client";
import { wizardTexts } from "../../languages/wizard";
import { useApi } from "../shell/console";
import { bytes, moment } from "../shell/format";
import { ProblemAlert } from "../shell/problems";
import { UploadPanel } from "./upload-panel";

type Entry = Schemas["BrowsedObject"];

interface DataBrowserProps {
  readonly project: string;
  readonly title: string;
  readonly kind: "object" | "prefix";
  /** Only places that the project may write to. */
  readonly isWritten: boolean;
  /** What was chosen before: its folder is opened. */
  readonly start: string | null;
  readonly accept?: string;
  readonly onChoose: (s3Uri: string) => void;
  readonly onClose: () => void;
}

export default function DataBrowser({ project, title, kind, isWritten, start, accept, onChoose, onClose }: DataBrowserProps): ReactNode {
  const words = wizardTexts();
  const api = useApi();
  const queries = useQueryClient();
  const locations = useQuery({
    queryKey: ["projects", project, "data-locations"],
    queryFn: () => answered(api.GET("/projects/{project}/data-locations", { params: { path: { project } } })),
  });
  const [chosenFolder, setFolder] = useState<string | null>();
  const [filter, setFilter] = useState("");
  const [selected, setSelected] = useState<Entry>();
  const folder = chosenFolder === undefined ? folderOf(start, locations.data?.items ?? []) : chosenFolder;
  const listing = useInfiniteQuery({
    queryKey: ["projects", project, "objects", folder, filter],
    enabled: locations.isSuccess,
    placeholderData: keepPreviousData,
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: Schemas["BrowsedObjectList"]) => page.next_token ?? undefined,
    queryFn: ({ pageParam, signal }) => {
      const query = { prefix: folder === null ? undefined : folder + filter, next_token: pageParam, limit: 100 };
      return answered(api.GET("/projects/{project}/objects", { params: { path: { project }, query }, signal }));
    },
  });
  const writable = new Set(locations.data?.items.filter(({ access }) => access === "read_write").map(({ s3_prefix }) => s3_prefix));
  const entries = (listing.data?.pages ?? [])
    .flatMap(({ items }) => items)
    .filter((entry) => folder !== null || !isWritten || writable.has(entry.s3_uri))
    .filter((entry) => kind === "object" || entry.kind === "prefix");
  const open = (next: string | null): void => {
    setFolder(next);
    setFilter("");
    setSelected(undefined);
  };
  const choice = selected?.s3_uri ?? (kind === "prefix" && folder !== null ? folder : undefined);
  const own = locations.data?.items.find(({ id }) => id === "default")?.s3_prefix;
  return (
    <Modal
      visible
      size="large"
      header={words.browserTitle(title)}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {words.cancel}
            </Button>
            <Button variant="primary" disabled={choice === undefined} onClick={() => choice !== undefined && onChoose(choice)}>
              {kind === "prefix" && selected === undefined ? words.chooseThisFolder : words.choose}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <ProblemAlert error={locations.error ?? listing.error} onRetry={() => void listing.refetch()} />
        <BreadcrumbGroup
          ariaLabel={words.folder}
          items={pathOf(folder, locations.data?.items ?? []).map(([text, uri]) => ({ text: text ?? words.dataLocations, href: uri ?? "" }))}
          onFollow={(event) => {
            event.preventDefault();
            open(event.detail.href || null);
          }}
        />
        <Table
          variant="embedded"
          items={entries}
          trackBy="s3_uri"
          loading={listing.isPending}
          loadingText={words.loading}
          selectionType="single"
          selectedItems={selected === undefined ? [] : [selected]}
          isItemDisabled={(entry) => entry.kind !== kind}
          onSelectionChange={({ detail }) => setSelected(detail.selectedItems[0])}
          ariaLabels={{
            tableLabel: words.folder,
            selectionGroupLabel: words.choose,
            itemSelectionLabel: (_, entry) => entry.name,
          }}
          filter={
            folder === null ? undefined : (
              <TextFilter
                filteringText={filter}
                filteringPlaceholder={words.beginsWith}
                filteringAriaLabel={words.beginsWith}
                onChange={({ detail }) => {
                  setFilter(detail.filteringText);
                  setSelected(undefined);
                }}
              />
            )
          }
          columnDefinitions={[
            {
              id: "name",
              header: words.name,
              isRowHeader: true,
              cell: (entry) =>
                entry.kind === "prefix" ? (
                  <Link href={entry.s3_uri} onFollow={(event) => (event.preventDefault(), open(entry.s3_uri))}>
                    {entry.name}
                  </Link>
                ) : (
                  entry.name
                ),
            },
            { id: "size", header: words.size, cell: ({ size }) => (size === null ? "–" : bytes(size)) },
            { id: "modified", header: words.lastModified, cell: ({ last_modified }) => moment(last_modified) },
          ]}
          empty={<Box>{folder === null ? words.noLocations : words.emptyFolder}</Box>}
          footer={
            listing.hasNextPage && (
              <Box textAlign="center">
                <Button loading={listing.isFetchingNextPage} onClick={() => void listing.fetchNextPage()}>
                  {words.showMore}
                </Button>
              </Box>
            )
          }
        />
        {!isWritten && own !== undefined && (
          <UploadPanel
            project={project}
            folder={uploadFolder(folder, own)}
            accept={accept}
            onUploaded={(uris, target) => {
              const place = own + target;
              open(place);
              void queries.invalidateQueries({ queryKey: ["projects", project, "objects"] });
              const only = uris.length === 1 ? uris[0] : undefined;
              if (only !== undefined && kind === "object") {
                setSelected({ kind: "object", s3_uri: only, name: only.slice(place.length), size: null, last_modified: null });
              }
            }}
          />
        )}
      </SpaceBetween>
    </Modal>
  );
}

/** The folder that a place is in, if it is in a data location; null for the list of data locations. */
function folderOf(uri: string | null, locations: readonly Schemas["DataLocation"][]): string | null {
  const folder = uri?.slice(0, uri.lastIndexOf("/") + 1) ?? "";
  if (locations.some(({ s3_prefix }) => folder.startsWith(s3_prefix))) return folder;
  return locations.length === 1 ? locations[0]!.s3_prefix : null;
}

/** From the list of data locations (null) down to the folder. */
function pathOf(folder: string | null, locations: readonly Schemas["DataLocation"][]): [text: string | null, uri: string | null][] {
  const path: [string | null, string | null][] = [[null, null]];
  const location = locations.find(({ s3_prefix }) => folder?.startsWith(s3_prefix));
  if (folder === null || location === undefined) return path;
  path.push([location.id, location.s3_prefix]);
  let uri = location.s3_prefix;
  for (const name of folder.slice(uri.length).split("/").filter(Boolean)) {
    uri += `${name}/`;
    path.push([name, uri]);
  }
  return path;
}

/** Where files go, below the project's own prefix: the folder that is shown, if it is one that takes uploads. */
function uploadFolder(folder: string | null, own: string): string {
  // A manifest uploaded to the project's manifests/ would draft a labeling job of its own.
  return folder?.startsWith(`${own}datasets/`) ? folder.slice(own.length) : "datasets/";
}
