/** On which labels workers agree, and on which they do not. */

import BarChart from "@cloudscape-design/components/bar-chart";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { type ReactNode, useState } from "react";
import { labelingJobTexts } from "../../../languages/labeling-job";
import { shellTexts } from "../../../languages/shell";
import { count, decimal, percent } from "../../shell/format";
import type { Quality } from "./quality-tab";
import { WORTH_A_LOOK } from "./verdicts";

type LabelQuality = Quality["labels"][number];

/** A chart of more bars than this is no picture any more. */
const MOST_BARS = 25;

export function LabelAgreement({ labels }: { readonly labels: readonly LabelQuality[] }): ReactNode {
  const words = labelingJobTexts();
  const compared = labels.filter(({ agreement }) => agreement !== null).sort((one, other) => one.agreement! - other.agreement!);
  const worst = compared[0];
  const hasAlpha = labels.some(({ krippendorff_alpha }) => typeof krippendorff_alpha === "number");
  return (
    <Container header={<Header variant="h2" description={words.labelsExplained}>{words.agreementPerLabel}</Header>}>
      <SpaceBetween size="l">
        {worst && worst.agreement! < WORTH_A_LOOK && (
          <StatusIndicator type="warning">{words.worstLabel(worst.label, percent(worst.agreement!))}</StatusIndicator>
        )}
        {compared.length > 1 && (
          <AgreementBars
            title={words.agreementPerLabel}
            bars={compared.slice(0, MOST_BARS).map(({ label, agreement }) => ({ name: label, share: agreement! }))}
          />
        )}
        <LabelTable labels={labels} hasAlpha={hasAlpha} />
      </SpaceBetween>
    </Container>
  );
}

function LabelTable({ labels, hasAlpha }: { readonly labels: readonly LabelQuality[]; readonly hasAlpha: boolean }): ReactNode {
  const words = labelingJobTexts();
  const [sorting, setSorting] = useState<{ field: keyof LabelQuality; isDescending: boolean }>({ field: "agreement", isDescending: false });
  const { field, isDescending } = sorting;
  const sorted = [...labels].sort((one, other) => (isDescending ? -1 : 1) * compare(one[field], other[field]));
  const column = (id: keyof LabelQuality, header: string, cell: (label: LabelQuality) => ReactNode) => ({ id, header, cell, sortingField: id, isRowHeader: id === "label" });
  const columns = [
    column("label", words.label, ({ label }) => <bdi>{label}</bdi>),
    column("objects", words.objectsWithLabel, ({ objects }) => count(objects)),
    column("agreement", words.agreement, ({ agreement }) => (agreement === null ? shellTexts().none : percent(agreement))),
    ...(hasAlpha
      ? [column("krippendorff_alpha", words.krippendorffAlpha, ({ krippendorff_alpha: alpha }) => (typeof alpha === "number" ? decimal(alpha) : shellTexts().none))]
      : []),
  ];
  return (
    <Table
      variant="embedded"
      wrapLines
      items={sorted}
      trackBy="label"
      columnDefinitions={columns}
      sortingColumn={columns.find(({ id }) => id === field) ?? columns[0]!}
      sortingDescending={isDescending}
      onSortingChange={({ detail }) =>
        setSorting({ field: detail.sortingColumn.sortingField as keyof LabelQuality, isDescending: detail.isDescending ?? false })
      }
      empty={<Box>{shellTexts().none}</Box>}
    />
  );
}

/** Numbers by size, words by the alphabet; what is not known comes last. */
export function compare(one: string | number | null | undefined, other: string | number | null | undefined): number {
  if (one === null || one === undefined) return other === null || other === undefined ? 0 : 1;
  if (other === null || other === undefined) return -1;
  return typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other));
}

interface AgreementBarsProps {
  readonly title: string;
  readonly bars: readonly { readonly name: string; readonly share: number }[];
}

/** Shares of 1 by name, with a line where a look is worth it. */
export function AgreementBars({ title, bars }: AgreementBarsProps): ReactNode {
  const words = labelingJobTexts();
  return (
    <BarChart
      ariaLabel={title}
      horizontalBars
      height={Math.max(120, 34 * bars.length)}
      hideFilter
      hideLegend
      xScaleType="categorical"
      xDomain={bars.map(({ name }) => name)}
      yDomain={[0, 1]}
      yTitle={words.agreement}
      series={[
        {
          type: "bar",
          title: words.agreement,
          color: "#0072b2",
          data: bars.map(({ name, share }) => ({ x: name, y: share })),
          valueFormatter: percent,
        },
        { type: "threshold", title: words.worthALook, y: WORTH_A_LOOK, color: "#d55e00", valueFormatter: percent },
      ]}
      i18nStrings={{ yTickFormatter: percent }}
      empty={<Box>{shellTexts().none}</Box>}
    />
  );
}
