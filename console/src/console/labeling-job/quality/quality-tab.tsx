/** How far the workers agree, in words for people who lead a labeling team. */

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { answered, Problem, type Schemas } from "../../../api/client";
import { labelingJobTexts } from "../../../languages/labeling-job";
import { useApi } from "../../shell/console";
import { count, decimal, percent } from "../../shell/format";
import { ProblemAlert } from "../../shell/problems";
import { jobKey, type LabelingJob, pace, pathOf } from "../job";
import type { TabProps } from "../labeling-job-page";
import { LabelAgreement } from "./label-agreement";
import { beyondChance, closeness } from "./verdicts";
import { WorkerAgreement } from "./worker-agreement";

export type Quality = Schemas["Quality"];

export default function QualityTab({ job }: TabProps): ReactNode {
  const words = labelingJobTexts();
  const api = useApi();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: [...jobKey(job.project, job.name), "quality"],
    queryFn: () => answered(api.GET("/projects/{project}/labeling-jobs/{name}/quality", { params: { path: pathOf(job) } })),
    refetchInterval: pace(job),
  });
  if (error instanceof Problem && error.status === 409) return <Box padding={{ vertical: "l" }}>{words.nothingConsolidated}</Box>;
  return (
    <SpaceBetween size="l">
      <ProblemAlert error={error} onRetry={() => void refetch()} />
      {isPending && <Spinner size="large" />}
      {data && <Summary quality={data} job={job} />}
      {data && data.labels.length > 0 && <LabelAgreement labels={data.labels} />}
      {data && data.workers.length > 0 && <WorkerAgreement workers={data.workers} />}
    </SpaceBetween>
  );
}

function Summary({ quality, job }: { readonly quality: Quality; readonly job: LabelingJob }): ReactNode {
  const words = labelingJobTexts();
  const { agreement } = quality;
  const chance = agreement.krippendorff_alpha ?? agreement.fleiss_kappa;
  const figures = [
    { label: words.objectsConsolidated, value: count(quality.objects) },
    { label: words.objectsCompared, value: count(quality.compared_objects) },
    { label: words.answers, value: count(quality.answers) },
    ...figure(words.observedAgreement, agreement.observed, percent),
    ...figure(words.meanIou, agreement.mean_iou, percent),
    ...figure(words.spanF1, agreement.span_f1, percent),
    ...figure(words.fleissKappa, agreement.fleiss_kappa, decimal),
    ...figure(words.krippendorffAlpha, agreement.krippendorff_alpha, decimal),
  ];
  return (
    <Container header={<Header variant="h2" description={words.qualityExplained}>{words.quality}</Header>}>
      <SpaceBetween size="l">
        {quality.compared_objects === 0 ? (
          <Alert type="info">{job.workers_per_object === 1 ? words.oneWorkerOnly : words.nothingCompared}</Alert>
        ) : (
          <Box fontSize="heading-m">
            {typeof agreement.observed === "number" && <div>{words.sayObserved(percent(agreement.observed))}</div>}
            {typeof agreement.mean_iou === "number" && <div>{words.sayIou(percent(agreement.mean_iou), closeness(agreement.mean_iou))}</div>}
            {typeof agreement.span_f1 === "number" && <div>{words.sayF1(percent(agreement.span_f1), closeness(agreement.span_f1))}</div>}
            {typeof chance === "number" && <div>{words.sayChance(beyondChance(chance))}</div>}
          </Box>
        )}
        <KeyValuePairs columns={4} items={figures} />
      </SpaceBetween>
    </Container>
  );
}

function figure(label: string, value: number | null | undefined, shown: (value: number) => string): { label: string; value: string }[] {
  return typeof value === "number" ? [{ label, value: shown(value) }] : [];
}
