/** What happened to the job, oldest first. */

import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import type { ReactNode } from "react";
import { answered, type Schemas } from "../../../api/client";
import { labelingJobTexts } from "../../../languages/labeling-job";
import { useApi } from "../../shell/console";
import { count, duration, moment } from "../../shell/format";
import { counterOf, ITEMS_OF_A_REQUEST, ListTable, useListed } from "../../shell/listing";
import { ProblemAlert } from "../../shell/problems";
import { isMoving, type JobStatus, STATUSES, statusText } from "../../shell/status";
import { jobKey, type LabelingJob, pathOf } from "../job";

type JobEvent = Schemas["JobEvent"];

export function History({ job }: { readonly job: LabelingJob }): ReactNode {
  const words = labelingJobTexts();
  const api = useApi();
  const events = useListed<JobEvent>(
    [...jobKey(job.project, job.name), "events"],
    (next_token) =>
      answered(
        api.GET("/projects/{project}/labeling-jobs/{name}/events", {
          params: { path: pathOf(job), query: { limit: ITEMS_OF_A_REQUEST, next_token } },
        }),
      ),
    { isMoving: () => isMoving(job.status) },
  );
  return (
    <>
      <ProblemAlert error={events.error} onRetry={events.refresh} />
      <ListTable
        label={words.history}
        header={
          <Header variant="h2" counter={counterOf(events)}>
            {words.history}
          </Header>
        }
        list={events}
        trackBy={({ at, type, detail }) => `${at} ${type} ${JSON.stringify(detail)}`}
        empty={words.noHistory}
        columns={[
          { id: "at", header: words.when, cell: ({ at }) => moment(at), width: 200, minWidth: 130 },
          { id: "what", header: words.what, cell: (event) => <EventText event={event} />, isRowHeader: true, minWidth: 180 },
          { id: "by", header: words.who, cell: ({ detail }) => text(detail.by) ?? words.groundwork, width: 160 },
        ]}
      />
    </>
  );
}

function EventText({ event }: { readonly event: JobEvent }): ReactNode {
  const reason = text(event.detail.reason);
  return (
    <>
      <div>{eventText(event)}</div>
      {reason !== undefined && <Box color="text-body-secondary">{reason}</Box>}
    </>
  );
}

/** The event in words; one that is not known here by its name. */
function eventText({ type, detail }: JobEvent): string {
  const words = labelingJobTexts();
  switch (type) {
    case "Created":
      return words.eventCreated(statusOf(detail.status));
    case "StatusChanged":
      return words.eventStatusChanged(statusOf(detail.from), statusOf(detail.to));
    case "Edited":
      return words.eventEdited(Array.isArray(detail.fields) ? detail.fields.join(", ") : "");
    case "ManifestUploaded":
      return words.eventManifestUploaded;
    case "ManifestBuilt":
      return words.eventManifestBuilt;
    case "Validated":
      return words.eventValidated(number(detail.errors), number(detail.warnings));
    case "ValidationInterrupted":
      return words.eventValidationInterrupted;
    case "Paused":
      return words.eventPaused;
    case "Resumed":
      return words.eventResumed;
    case "Extended":
      return words.eventExtended(duration(Number(detail.task_expiration_seconds ?? 0)));
    case "InstructionsChanged":
      return words.eventInstructionsChanged(number(detail.instructions_version));
    case "ObjectReissued":
      return words.eventObjectReissued(number(detail.object));
    case "Split":
      return words.eventSplit(number(detail.parts));
    default:
      return type;
  }
}

function statusOf(value: unknown): string {
  return STATUSES.includes(value as JobStatus) ? statusText(value as JobStatus) : String(value);
}

function number(value: unknown): string {
  return typeof value === "number" ? count(value) : String(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
