/** What the validation found in definition and data: where, and how to mend it. */

import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { answered, type Schemas } from "../../../api/client";
import { labelingJobTexts } from "../../../languages/labeling-job";
import { wordsOf } from "../../../languages/rules";
import { shellTexts } from "../../../languages/shell";
import { useApi } from "../../shell/console";
import { count } from "../../shell/format";
import { ProblemAlert } from "../../shell/problems";
import { jobKey, type LabelingJob, pathOf } from "../job";

type FoundFault = Schemas["FoundFault"];
type Place = NonNullable<FoundFault["places"]>[number];

export function Faults({ job }: { readonly job: LabelingJob }): ReactNode {
  const words = labelingJobTexts();
  const api = useApi();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: [...jobKey(job.project, job.name), "validation-report", job.validation.state, job.validation.errors],
    queryFn: () => answered(api.GET("/projects/{project}/labeling-jobs/{name}/validation-report", { params: { path: pathOf(job) } })),
  });
  const { errors, warnings } = job.validation;
  return (
    <>
      <ProblemAlert error={error} onRetry={() => void refetch()} />
      <Table
        header={
          <Header variant="h2" description={words.faultsFound(count(errors), count(warnings))}>
            {words.validation}
          </Header>
        }
        wrapLines
        loading={isPending}
        loadingText={shellTexts().loading}
        items={data?.faults ?? []}
        columnDefinitions={[
          { id: "severity", header: words.severity, cell: ({ severity }) => <Severity severity={severity} />, width: 130 },
          { id: "fault", header: words.fault, cell: (fault) => <Words fault={fault} />, isRowHeader: true, minWidth: 260 },
          { id: "times", header: words.times, cell: ({ count: times }) => count(times ?? 1), width: 110 },
          { id: "places", header: words.places, cell: (fault) => <Places fault={fault} />, minWidth: 200 },
        ]}
      />
    </>
  );
}

function Severity({ severity }: { readonly severity: FoundFault["severity"] }): ReactNode {
  const words = labelingJobTexts();
  return severity === "error" ? (
    <StatusIndicator type="error">{words.severityError}</StatusIndicator>
  ) : (
    <StatusIndicator type="warning">{words.severityWarning}</StatusIndicator>
  );
}

function Words({ fault }: { readonly fault: FoundFault }): ReactNode {
  const { message, remedy } = wordsOf(fault);
  return (
    <>
      <div>{message}</div>
      <Box color="text-body-secondary">{remedy}</Box>
    </>
  );
}

function Places({ fault }: { readonly fault: FoundFault }): ReactNode {
  const words = labelingJobTexts();
  const places = fault.places ?? [];
  if (places.length === 0) return fault.pointer ? words.field(fault.pointer.slice(1)) : shellTexts().none;
  const [first, ...others] = places;
  return (
    <>
      <PlaceText place={first!} />
      {others.length > 0 && (
        <ExpandableSection headerText={words.morePlaces(count(others.length), (fault.count ?? 1) > places.length)}>
          {others.map((place, index) => (
            <PlaceText key={index} place={place} />
          ))}
        </ExpandableSection>
      )}
    </>
  );
}

/** Lines are counted from 0, as objects are everywhere. */
function PlaceText({ place }: { readonly place: Place }): ReactNode {
  const words = labelingJobTexts();
  return (
    <div>
      {words.line(count(place.line))}
      {place.attribute !== null && <>, {place.attribute}</>}
      {place.detail !== undefined && <>: {place.detail}</>}
    </div>
  );
}
