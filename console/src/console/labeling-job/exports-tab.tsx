/** The output manifest, and the same labels written in the formats of training tools. */

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import FormField from "@cloudscape-design/components/form-field";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { answered, type Api, type Schemas } from "../../api/client";
import { labelingJobTexts } from "../../languages/labeling-job";
import { shellTexts } from "../../languages/shell";
import { addresses, href } from "../shell/addresses";
import { useChange } from "../shell/changes";
import { useApi } from "../shell/console";
import { count, moment } from "../shell/format";
import { fieldError, faultsOf, ProblemAlert } from "../shell/problems";
import { DataLink } from "./data-link";
import { jobKey, type LabelingJob, pace, pathOf } from "./job";
import type { TabProps } from "./labeling-job-page";

type Export = Schemas["Export"];
type Format = Schemas["ExportCreation"]["format"];

const FORMATS: readonly Format[] = ["coco", "yolo", "voc", "csv", "parquet", "huggingface", "lookout-for-vision"];
const LOOK_AGAIN_MS = 2_000;

export default function ExportsTab({ job, person }: TabProps): ReactNode {
  const words = labelingJobTexts();
  return (
    <SpaceBetween size="l">
      <Output job={job} />
      {job.output_manifest_uri !== null && <Exports job={job} canRequest={person.isMember} />}
      <Container header={<Header variant="h2">{words.hearOfIt}</Header>}>
        <Link href={href(addresses.notifications(job.project))}>{words.toNotifications}</Link>
      </Container>
    </SpaceBetween>
  );
}

function Output({ job }: { readonly job: LabelingJob }): ReactNode {
  const words = labelingJobTexts();
  const api = useApi();
  // Asked for at the click: an address is good for minutes only.
  const download = useChange(() => answered(api.GET("/projects/{project}/labeling-jobs/{name}/output", { params: { path: pathOf(job) } })), {
    changes: [],
    onDone: ({ url }) => open(url, "_blank", "noopener"),
  });
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={words.outputExplained}
          actions={
            job.output_manifest_uri !== null && (
              <Button iconName="download" loading={download.isPending} onClick={() => download.mutate()}>
                {words.download}
              </Button>
            )
          }
        >
          {words.outputManifest}
        </Header>
      }
    >
      <ProblemAlert error={download.error} />
      {job.output_manifest_uri === null ? <Box>{words.noOutputYet}</Box> : <DataLink project={job.project} uri={job.output_manifest_uri} />}
    </Container>
  );
}

function Exports({ job, canRequest }: { readonly job: LabelingJob; readonly canRequest: boolean }): ReactNode {
  const words = labelingJobTexts();
  const api = useApi();
  const [format, setFormat] = useState<Format>("csv");
  const queryKey = [...jobKey(job.project, job.name), "exports"];
  const { data, error, isPending, refetch } = useQuery({
    queryKey,
    queryFn: () => allExports(api, job),
    refetchInterval: ({ state }) => (state.data?.some(isUnderWay) ? LOOK_AGAIN_MS : pace(job)),
  });
  const request = useChange(
    () => answered(api.POST("/projects/{project}/labeling-jobs/{name}/exports", { params: { path: pathOf(job) }, body: { format } })),
    { changes: [queryKey] },
  );
  const options = FORMATS.map((value) => ({ value, label: words[FORMAT_NAMES[value]], description: words[FORMAT_USES[value]] }));
  return (
    <SpaceBetween size="m">
      <ProblemAlert error={error} onRetry={() => void refetch()} />
      <Table
        header={
          <Header variant="h2" description={words.exportsExplained}>
            {words.exports}
          </Header>
        }
        filter={
          canRequest && (
            <SpaceBetween size="s">
              <SpaceBetween direction="horizontal" size="xs" alignItems="end">
                <FormField label={words.format} errorText={fieldError(faultsOf(request.error), "/format")}>
                  <Select
                    selectedOption={options.find(({ value }) => value === format) ?? null}
                    options={options}
                    onChange={({ detail }) => {
                      request.reset();
                      setFormat(detail.selectedOption.value as Format);
                    }}
                  />
                </FormField>
                <Button loading={request.isPending} onClick={() => request.mutate()}>
                  {words.requestExport}
                </Button>
              </SpaceBetween>
              {request.error && faultsOf(request.error).length === 0 ? <ProblemAlert error={request.error} /> : null}
            </SpaceBetween>
          )
        }
        wrapLines
        loading={isPending}
        loadingText={shellTexts().loading}
        items={data ?? []}
        trackBy="export_id"
        empty={<Box textAlign="center">{words.noExports}</Box>}
        columnDefinitions={[
          { id: "format", header: words.format, cell: (each) => formatName(each.format), isRowHeader: true },
          { id: "state", header: shellTexts().status, cell: (each) => <State of={each} />, minWidth: 220 },
          { id: "contents", header: words.contents, cell: (each) => <Contents of={each} />, minWidth: 240 },
          { id: "requested", header: words.requested, cell: (each) => words.byAt(each.requested_by, moment(each.requested_at)) },
          { id: "download", header: words.download, cell: (each) => <Download of={each} /> },
        ]}
      />
    </SpaceBetween>
  );
}

/** Newest first; the API has them in no particular order. */
async function allExports(api: Api, job: LabelingJob): Promise<Export[]> {
  const found: Export[] = [];
  let token: string | undefined;
  do {
    const page = await answered(
      api.GET("/projects/{project}/labeling-jobs/{name}/exports", { params: { path: pathOf(job), query: { limit: 200, next_token: token } } }),
    );
    found.push(...page.items);
    token = page.next_token ?? undefined;
  } while (token !== undefined);
  return found.sort((one, other) => other.requested_at.localeCompare(one.requested_at));
}

function isUnderWay({ state }: Export): boolean {
  return state === "requested" || state === "running";
}

const FORMAT_NAMES = {
  coco: "formatCoco",
  yolo: "formatYolo",
  voc: "formatVoc",
  csv: "formatCsv",
  parquet: "formatParquet",
  huggingface: "formatHuggingFace",
  "lookout-for-vision": "formatLookoutForVision",
} as const satisfies Record<Format, string>;

const FORMAT_USES = {
  coco: "useCoco",
  yolo: "useYolo",
  voc: "useVoc",
  csv: "useCsv",
  parquet: "useParquet",
  huggingface: "useHuggingFace",
  "lookout-for-vision": "useLookoutForVision",
} as const satisfies Record<Format, string>;

function formatName(format: string): string {
  return format in FORMAT_NAMES ? labelingJobTexts()[FORMAT_NAMES[format as Format]] : format;
}

function State({ of: { state, progress, failure_reason } }: { readonly of: Export }): ReactNode {
  const words = labelingJobTexts();
  if (state === "finished") return <StatusIndicator type="success">{words.exportFinished}</StatusIndicator>;
  if (state === "failed") {
    return (
      <>
        <StatusIndicator type="error">{words.exportFailed}</StatusIndicator>
        {failure_reason && <div>{failure_reason}</div>}
      </>
    );
  }
  if (state === "requested" || !progress.total) return <StatusIndicator type="pending">{words.exportRequested}</StatusIndicator>;
  return (
    <ProgressBar
      ariaLabel={words.exportRunning}
      value={(100 * progress.done) / progress.total}
      additionalInfo={words.settledOf(count(progress.done), count(progress.total))}
    />
  );
}

function Contents({ of: { report } }: { readonly of: Export }): ReactNode {
  const words = labelingJobTexts();
  if (report === null) return shellTexts().none;
  return (
    <>
      <div>{words.exportContents(count(report.objects), count(report.shapes))}</div>
      {report.skipped.map(({ reason, count: times, lines }) => (
        <StatusIndicator key={reason} type="warning">
          {words.skipped(count(times), reason, lines.slice(0, 10).map(count).join(", "), times > 10)}
        </StatusIndicator>
      ))}
    </>
  );
}

function Download({ of: { url, format } }: { readonly of: Export }): ReactNode {
  const words = labelingJobTexts();
  if (url === null) return shellTexts().none;
  return (
    <Link href={url} external ariaLabel={words.downloadFormat(formatName(format))}>
      {words.download}
    </Link>
  );
}
