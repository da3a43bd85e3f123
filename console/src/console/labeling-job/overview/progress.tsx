/** How many objects are labeled, and how many are left. */

import Box from "@cloudscape-design/components/box";
import ColumnLayout from "@cloudscape-design/components/column-layout";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import PieChart from "@cloudscape-design/components/pie-chart";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { labelingJobTexts } from "../../../languages/labeling-job";
import { count, duration, moment, percent } from "../../shell/format";
import { type LabelingJob, settled } from "../job";

/** Told apart with any kind of colour vision; the legend says them in words. */
const COLOURS = { human: "#0072b2", machine: "#56b4e9", failed: "#d55e00", unlabeled: "#9ba7b6" };

export function Progress({ job }: { readonly job: LabelingJob }): ReactNode {
  const words = labelingJobTexts();
  const { counters } = job;
  const done = settled(counters);
  const left = remainingSeconds(job, Date.now());
  const slices = [
    { title: words.humanLabeled, value: counters.human_labeled, color: COLOURS.human },
    { title: words.machineLabeled, value: counters.machine_labeled, color: COLOURS.machine },
    { title: words.failedObjects, value: counters.failed, color: COLOURS.failed },
    { title: words.unlabeled, value: counters.unlabeled, color: COLOURS.unlabeled },
  ];
  return (
    <Container header={<Header variant="h2">{words.progress}</Header>}>
      <ColumnLayout columns={2}>
        <SpaceBetween size="l">
          <ProgressBar
            label={words.settled}
            value={(100 * done) / counters.total}
            additionalInfo={words.settledOf(count(done), count(counters.total))}
            description={left === undefined ? undefined : words.timeLeft(duration(left))}
          />
          <KeyValuePairs
            columns={2}
            items={[
              ...slices.map(({ title, value }) => ({ label: title, value: count(value) })),
              { label: words.started, value: moment(job.started_at) },
              { label: words.finished, value: moment(job.finished_at) },
            ]}
          />
        </SpaceBetween>
        <PieChart
          variant="donut"
          size="medium"
          ariaLabel={words.progress}
          data={slices}
          hideFilter
          hideTitles
          innerMetricValue={percent(done / counters.total)}
          innerMetricDescription={words.settled}
          detailPopoverContent={({ value }) => [
            { key: words.objects, value: count(value) },
            { key: words.share, value: percent(value / counters.total) },
          ]}
          segmentDescription={({ value }) => words.objectsAndShare(count(value), percent(value / counters.total))}
          hideDescriptions
          empty={<Box>{words.noObjects}</Box>}
        />
      </ColumnLayout>
    </Container>
  );
}

/** How long the rest takes if it goes on as it went so far; undefined while nothing can be said. */
export function remainingSeconds(job: LabelingJob, now: number): number | undefined {
  const done = settled(job.counters);
  if (job.status !== "InProgress" || job.paused || job.started_at === null || done === 0) return undefined;
  const passed = (now - Date.parse(job.started_at)) / 1000;
  return passed <= 0 ? undefined : (passed / done) * (job.counters.total - done);
}
