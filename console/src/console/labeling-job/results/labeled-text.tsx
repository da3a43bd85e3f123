/** A text with the spans that were marked in it; each span has a line of its own, so that overlapping ones are seen apart. */

import type { ReactNode } from "react";
import { type Entity, marksOf, segments, type Segment, TextOffsets } from "../../../elements/entity-marks";
import type { LookOf } from "./label-colours";

interface LabeledTextProps {
  readonly text: string;
  readonly entities: readonly Entity[];
  readonly lookOf: LookOf;
}

const LINE = 3;
const STEP = 5;

export function LabeledText({ text, entities, lookOf }: LabeledTextProps): ReactNode {
  const marks = marksOf(entities, new TextOffsets(text), new Set(entities.map(({ label }) => label)));
  return (
    <div className="labeled-text" dir="auto">
      {segments(text, marks).map((segment) => (segment.marks.length === 0 ? segment.text : <Marked key={segment.start} segment={segment} lookOf={lookOf} />))}
    </div>
  );
}

function Marked({ segment, lookOf }: { readonly segment: Segment; readonly lookOf: LookOf }): ReactNode {
  const { start, text, marks } = segment;
  const end = start + text.length;
  const lanes = 1 + Math.max(...marks.map(({ lane }) => lane));
  const lines = marks.map(({ mark, lane }) => {
    const { colour } = lookOf(mark.label);
    return `linear-gradient(${colour}, ${colour}) 0 calc(100% - ${STEP * (lanes - 1 - lane)}px) / 100% ${LINE}px no-repeat`;
  });
  const labels = marks.map(({ mark }) => mark.label);
  return (
    <>
      <mark data-labels={labels.join(" ")} style={{ background: `${lines.join(", ")}, rgb(0 0 0 / 4%)`, paddingBlockEnd: STEP * lanes }}>
        {text}
      </mark>
      {marks
        .filter(({ mark }) => mark.end === end)
        .map(({ mark }) => {
          const { colour, ink } = lookOf(mark.label);
          return (
            <bdi key={`${mark.label} ${mark.start}`} className="tag" style={{ background: colour, color: ink }}>
              {mark.label}
            </bdi>
          );
        })}
    </>
  );
}
