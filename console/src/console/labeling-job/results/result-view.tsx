/** One result at full size, with what was there before beside it, and all that is known of the label. */

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useEffect, useRef } from "react";
import { isRecord } from "../../../elements/attributes";
import { isTyping } from "../../../elements/labels";
import { resultTexts } from "../../../languages/results";
import { count, percent } from "../../shell/format";
import { DataLink } from "../data-link";
import { type Annotation, labelsIn } from "./annotation";
import { LabelChips } from "./label-chips";
import type { LookOf } from "./label-colours";
import type { Result } from "./result";
import { Certainty, State } from "./result-card";
import { type Drawn, existingLabel, newLabel, ShownObject } from "./shown-object";

interface ResultViewProps {
  readonly project: string;
  readonly result: Result;
  /** Its place among those that are loaded, from 0, and how many these are. */
  readonly position: number;
  readonly loaded: number;
  readonly lookOf: LookOf;
  readonly onGo: (position: number) => void;
  readonly onClose: () => void;
}

export function ResultView({ project, result, position, loaded, lookOf, onGo, onClose }: ResultViewProps): ReactNode {
  const words = resultTexts();
  const heading = useRef<HTMLHeadingElement>(null);
  useKeys(position, loaded, onGo, onClose);
  // What the reader of the page hears first after opening it and after each step.
  useEffect(() => heading.current?.focus({ preventScroll: position > 0 }), [position]);
  const label = newLabel(result);
  const existing = existingLabel(result);
  return (
    <SpaceBetween size="m">
      <SpaceBetween direction="horizontal" size="xs" alignItems="center">
        <Button iconName="view-full" onClick={onClose}>
          {words.backToGrid}
        </Button>
        <Button iconName="angle-left" disabled={position === 0} onClick={() => onGo(position - 1)}>
          {words.previous}
        </Button>
        <Button iconName="angle-right" iconAlign="right" disabled={position === loaded - 1} onClick={() => onGo(position + 1)}>
          {words.next}
        </Button>
        <Box variant="span" color="text-body-secondary">
          {words.of(count(position + 1), count(loaded))}
        </Box>
      </SpaceBetween>
      <div className="result-single" data-object={result.object}>
        <Sides result={result} label={label} existing={existing} lookOf={lookOf} />
        <SpaceBetween size="m">
          <h2 ref={heading} tabIndex={-1} style={{ margin: 0, outline: "none" }}>
            {words.object(count(result.object))}
          </h2>
          <State result={result} />
          {label && <Details annotation={label.annotation} lookOf={lookOf} />}
          <Certainty result={result} />
          <Adjustment metadata={result.metadata} />
          <Facts project={project} result={result} />
        </SpaceBetween>
      </div>
      <Box variant="small">{words.keys}</Box>
    </SpaceBetween>
  );
}

function useKeys(position: number, loaded: number, onGo: (position: number) => void, onClose: () => void): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event)) return;
      if (event.key === "ArrowLeft" && position > 0) onGo(position - 1);
      else if (event.key === "ArrowRight" && position < loaded - 1) onGo(position + 1);
      else if (event.key === "Escape") onClose();
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [position, loaded, onGo, onClose]);
}

interface SidesProps {
  readonly result: Result;
  readonly label: Drawn | undefined;
  readonly existing: Drawn | undefined;
  readonly lookOf: LookOf;
}

function Sides({ result, label, existing, lookOf }: SidesProps): ReactNode {
  const words = resultTexts();
  if (existing === undefined) return <ShownObject key={result.object} result={result} drawn={label} lookOf={lookOf} />;
  // A verdict draws nothing itself: it is about what is shown.
  const isVerdict = label?.annotation.kind === "classes";
  return (
    <div className="sides">
      <figure>
        <figcaption>{isVerdict ? words.existingLabel(result.existing!.attribute) : words.before}</figcaption>
        <ShownObject key={`before ${result.object}`} result={result} drawn={existing} lookOf={lookOf} />
      </figure>
      {!isVerdict && (
        <figure>
          <figcaption>{words.after}</figcaption>
          <ShownObject key={`after ${result.object}`} result={result} drawn={label} lookOf={lookOf} />
        </figure>
      )}
    </div>
  );
}

function Details({ annotation, lookOf }: { readonly annotation: Annotation; readonly lookOf: LookOf }): ReactNode {
  const words = resultTexts();
  switch (annotation.kind) {
    case "classes":
      return <LabelChips labels={annotation.classes} lookOf={lookOf} />;
    case "boxes":
      return annotation.boxes.length === 0 ? (
        <div>{words.nothingMarked}</div>
      ) : (
        <>
          <LabelChips labels={labelsIn(annotation).map((label) => ({ label }))} lookOf={lookOf} />
          <ExpandableSection headerText={`${words.boxes} (${count(annotation.boxes.length)})`}>
            <ul>
              {annotation.boxes.map(({ label, left, top, width, height, confidence }, index) => (
                <li key={index}>
                  <bdi>{label}</bdi>: {count(left)}, {count(top)}, {count(width)} × {count(height)}
                  {confidence ? ` (${percent(confidence)})` : null}
                </li>
              ))}
            </ul>
          </ExpandableSection>
        </>
      );
    case "mask":
    case "entities":
      return labelsIn(annotation).length === 0 ? (
        <div>{words.nothingMarked}</div>
      ) : (
        <LabelChips labels={labelsIn(annotation).map((label) => ({ label }))} lookOf={lookOf} />
      );
    case "other":
      return (
        <ExpandableSection headerText={words.rawLabel} defaultExpanded>
          <pre style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{annotation.json}</pre>
        </ExpandableSection>
      );
  }
}

function Adjustment({ metadata }: { readonly metadata: Result["metadata"] }): ReactNode {
  const words = resultTexts();
  const status = isRecord(metadata) ? metadata["adjustment-status"] : undefined;
  if (status === "adjusted") return <div>{words.adjusted}</div>;
  return status === "unadjusted" ? <div>{words.unadjusted}</div> : null;
}

function Facts({ project, result }: { readonly project: string; readonly result: Result }): ReactNode {
  const words = resultTexts();
  const comments = commentsOf(result.metadata);
  const items = [
    ...(result.failure_reason ? [{ label: words.failureReason, value: result.failure_reason }] : []),
    ...(comments.length > 0 ? [{ label: words.comments, value: comments.map((comment, index) => <div key={index}>{comment}</div>) }] : []),
    ...(result.source?.s3_uri ? [{ label: words.source, value: <DataLink project={project} uri={result.source.s3_uri} /> }] : []),
  ];
  return items.length === 0 ? null : <KeyValuePairs items={items} />;
}

/** What workers said of the labels that they verified. */
function commentsOf(metadata: Result["metadata"]): string[] {
  const feedback: unknown = isRecord(metadata) ? metadata["worker-feedback"] : undefined;
  return (Array.isArray(feedback) ? feedback : []).flatMap((entry) => (isRecord(entry) && typeof entry.comment === "string" ? [entry.comment] : []));
}
