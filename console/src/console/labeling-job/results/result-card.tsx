/** One result among many: what it looks like, its labels, and how sure they are. */

import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { ReactNode } from "react";
import { resultTexts } from "../../../languages/results";
import { count, percent } from "../../shell/format";
import { labelsIn } from "./annotation";
import { LabelChips } from "./label-chips";
import type { LookOf } from "./label-colours";
import type { Result } from "./result";
import { existingLabel, newLabel, ShownObject } from "./shown-object";

interface ResultCardProps {
  readonly result: Result;
  readonly lookOf: LookOf;
  readonly onOpen: () => void;
}

export function ResultCard({ result, lookOf, onOpen }: ResultCardProps): ReactNode {
  const words = resultTexts();
  const label = newLabel(result);
  // A verdict is about what was there before, so that is drawn under it.
  const drawn = label?.annotation.kind === "classes" ? (existingLabel(result) ?? label) : label;
  return (
    <button type="button" className="result-card" data-object={result.object} onClick={onOpen}>
      <span className="shown">
        <ShownObject result={result} drawn={drawn} lookOf={lookOf} />
      </span>
      <span className="facts">
        <strong>{words.object(count(result.object))}</strong>
        {label ? <Labels result={result} lookOf={lookOf} /> : <State result={result} />}
        <Certainty result={result} />
      </span>
    </button>
  );
}

function Labels({ result, lookOf }: { readonly result: Result; readonly lookOf: LookOf }): ReactNode {
  const annotation = newLabel(result)!.annotation;
  if (annotation.kind === "other") return <code>{annotation.json.slice(0, 120)}</code>;
  const labels = annotation.kind === "classes" ? annotation.classes : labelsIn(annotation).map((label) => ({ label }));
  return labels.length === 0 ? <span>{resultTexts().nothingMarked}</span> : <LabelChips labels={labels} lookOf={lookOf} />;
}

export function State({ result }: { readonly result: Pick<Result, "state"> }): ReactNode {
  const words = resultTexts();
  switch (result.state) {
    case "labeled":
      return <StatusIndicator type="success">{words.stateLabeled}</StatusIndicator>;
    case "failed":
      return <StatusIndicator type="error">{words.stateFailed}</StatusIndicator>;
    case "unreadable":
      return <StatusIndicator type="error">{words.stateUnreadable}</StatusIndicator>;
    case "unlabeled":
      return <StatusIndicator type="pending">{words.stateUnlabeled}</StatusIndicator>;
  }
}

/** With one answer an object's confidence is 0, because nothing was compared: that is not said. */
export function Certainty({ result }: { readonly result: Result }): ReactNode {
  const words = resultTexts();
  const facts = [
    ...(result.confidence ? [words.confidence(percent(result.confidence))] : []),
    ...(result.disagreement ? [words.disagree(percent(result.disagreement))] : []),
    ...(result.human_annotated === false ? [words.byMachine] : []),
  ];
  return facts.length === 0 ? null : <small>{facts.join(" · ")}</small>;
}
