/** How each worker's answers compare with the labels that came of all answers, and how long an object takes them. */

import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { type ReactNode, useState } from "react";
import { labelingJobTexts } from "../../../languages/labeling-job";
import { shellTexts } from "../../../languages/shell";
import { count, duration, percent } from "../../shell/format";
import { AgreementBars, compare } from "./label-agreement";
import type { Quality } from "./quality-tab";

type WorkerQuality = Quality["workers"][number];

const MOST_BARS = 25;

export function WorkerAgreement({ workers }: { readonly workers: readonly WorkerQuality[] }): ReactNode {
  const words = labelingJobTexts();
  const compared = workers
    .filter(({ agreement_with_label }) => agreement_with_label !== null)
    .sort((one, other) => one.agreement_with_label! - other.agreement_with_label!);
  const areNamed = workers.some(({ username }) => username !== null);
  return (
    <Container
      header={
        <Header variant="h2" description={areNamed ? words.workersExplained : words.workersUnnamed}>
          {words.workers}
        </Header>
      }
    >
      <SpaceBetween size="l">
        {compared.length > 1 && (
          <AgreementBars
            title={words.agreementWithLabel}
            bars={compared.slice(0, MOST_BARS).map((worker) => ({ name: nameOf(worker), share: worker.agreement_with_label! }))}
          />
        )}
        <WorkerTable workers={workers} />
        <Box variant="small">{words.workersCaution}</Box>
      </SpaceBetween>
    </Container>
  );
}

function WorkerTable({ workers }: { readonly workers: readonly WorkerQuality[] }): ReactNode {
  const words = labelingJobTexts();
  const [sorting, setSorting] = useState<{ field: keyof WorkerQuality; isDescending: boolean }>({ field: "answers", isDescending: true });
  const { field, isDescending } = sorting;
  const valueOf = (worker: WorkerQuality): string | number | null => (field === "worker" ? nameOf(worker) : worker[field]);
  const sorted = [...workers].sort((one, other) => (isDescending ? -1 : 1) * compare(valueOf(one), valueOf(other)));
  const column = (id: keyof WorkerQuality, header: string, cell: (worker: WorkerQuality) => ReactNode) => ({ id, header, cell, sortingField: id, isRowHeader: id === "worker" });
  const columns = [
    column("worker", words.worker, (worker) => <bdi>{nameOf(worker)}</bdi>),
    column("answers", words.answers, ({ answers }) => count(answers)),
    column("agreement_with_label", words.agreementWithLabel, ({ agreement_with_label: share }) => (share === null ? shellTexts().none : percent(share))),
    column("median_seconds", words.timePerObject, ({ median_seconds }) => duration(median_seconds)),
  ];
  return (
    <Table
      variant="embedded"
      wrapLines
      items={sorted}
      trackBy="worker"
      columnDefinitions={columns}
      sortingColumn={columns.find(({ id }) => id === field) ?? columns[0]!}
      sortingDescending={isDescending}
      onSortingChange={({ detail }) =>
        setSorting({ field: detail.sortingColumn.sortingField as keyof WorkerQuality, isDescending: detail.isDescending ?? false })
      }
    />
  );
}

function nameOf({ username, worker }: WorkerQuality): string {
  return username ?? worker;
}
