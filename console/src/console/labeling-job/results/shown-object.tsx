/** A data object with a label on it: a picture with shapes over it, or a text with its spans marked. */

import type { ReactNode } from "react";
import { resultTexts } from "../../../languages/results";
import { count } from "../../shell/format";
import { type Annotation, annotationOf } from "./annotation";
import type { LookOf } from "./label-colours";
import { LabeledPicture } from "./labeled-picture";
import { LabeledText } from "./labeled-text";
import type { Result } from "./result";

/** A label to draw: the one of the job, or the one that was there before. */
export interface Drawn {
  readonly annotation: Annotation;
  readonly maskUrl: string | null;
}

/** The label of the job; undefined for an object without one. */
export function newLabel(result: Result): Drawn | undefined {
  if (result.state !== "labeled") return undefined;
  return { annotation: annotationOf(result.annotation, result.metadata), maskUrl: result.mask_url };
}

/** The label that was verified or adjusted; undefined in other jobs. */
export function existingLabel({ existing }: Result): Drawn | undefined {
  return existing ? { annotation: annotationOf(existing.annotation, existing.metadata), maskUrl: existing.mask_url } : undefined;
}

interface ShownObjectProps {
  readonly result: Result;
  readonly drawn: Drawn | undefined;
  readonly lookOf: LookOf;
}

export function ShownObject({ result: { object, source }, drawn, lookOf }: ShownObjectProps): ReactNode {
  const words = resultTexts();
  const annotation = drawn?.annotation;
  if (source?.url) {
    return <LabeledPicture url={source.url} name={words.object(count(object))} annotation={annotation} maskUrl={drawn?.maskUrl ?? null} lookOf={lookOf} />;
  }
  if (typeof source?.text === "string") {
    return <LabeledText text={source.text} entities={annotation?.kind === "entities" ? annotation.entities : []} lookOf={lookOf} />;
  }
  return <div className="no-picture">{source?.s3_uri ? words.outsideLocations : words.noSource}</div>;
}
