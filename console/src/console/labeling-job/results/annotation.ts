/**
 * What a label says, read from its attribute and metadata as the output manifest has them (docs/consolidation.md). Output may come from other
 * labeling services and from people's own functions, so nothing about its shape is taken for granted.
 */

import { isRecord } from "../../../elements/attributes";
import type { Entity } from "../../../elements/entity-marks";
import { type Color, colorOf } from "../../../elements/drawing/mask-png";

export interface Box {
  readonly label: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly confidence: number | undefined;
}

export interface ClassLabel {
  readonly label: string;
  readonly confidence: number | undefined;
}

export type Annotation =
  | { readonly kind: "classes"; readonly classes: readonly ClassLabel[] }
  /** `size` is that of the picture the boxes were drawn on, where it is told. */
  | { readonly kind: "boxes"; readonly boxes: readonly Box[]; readonly size: { readonly width: number; readonly height: number } | undefined }
  /** The labels of a mask by the colour that stands for them. */
  | { readonly kind: "mask"; readonly colors: ReadonlyMap<Color, string> }
  | { readonly kind: "entities"; readonly entities: readonly Entity[] }
  /** A custom job's label. */
  | { readonly kind: "other"; readonly json: string };

/** Of what is in a mask beside the labels. */
const BACKGROUND = "BACKGROUND";

export function annotationOf(value: unknown, metadata: unknown): Annotation {
  const told = isRecord(metadata) ? metadata : {};
  switch (kindOf(told.type)) {
    case "class":
      return { kind: "classes", classes: typeof told["class-name"] === "string" ? [{ label: told["class-name"], confidence: numberOf(told.confidence) }] : [] };
    case "classes":
      return { kind: "classes", classes: classesOf(told) };
    case "boxes":
      return boxesOf(value, told);
    case "mask":
      return { kind: "mask", colors: colorsOf(told["internal-color-map"]) };
    case "entities":
      return { kind: "entities", entities: entitiesOf(value) };
    default:
      return { kind: "other", json: JSON.stringify(value, undefined, 2) ?? "" };
  }
}

function kindOf(type: unknown): "class" | "classes" | "boxes" | "mask" | "entities" | undefined {
  switch (typeof type === "string" ? type.toLowerCase() : "") {
    case "groundtruth/image-classification":
    case "groundtruth/text-classification":
    case "groundtruth/label-verification":
      return "class";
    case "groundtruth/image-classification-multilabel":
    case "groundtruth/text-classification-multilabel":
      return "classes";
    case "groundtruth/object-detection":
      return "boxes";
    case "groundtruth/semantic-segmentation":
      return "mask";
    case "groundtruth/text-span":
      return "entities";
    default:
      return undefined;
  }
}

function classesOf(metadata: Record<string, unknown>): ClassLabel[] {
  const names = isRecord(metadata["class-map"]) ? metadata["class-map"] : {};
  const confidences = isRecord(metadata["confidence-map"]) ? metadata["confidence-map"] : {};
  return Object.entries(names).map(([index, name]) => ({ label: String(name), confidence: numberOf(confidences[index]) }));
}

function boxesOf(value: unknown, metadata: Record<string, unknown>): Annotation {
  const given = isRecord(value) ? value : {};
  const names = isRecord(metadata["class-map"]) ? metadata["class-map"] : {};
  const objects = Array.isArray(metadata.objects) ? metadata.objects : [];
  const boxes: Box[] = [];
  for (const [position, drawn] of (Array.isArray(given.annotations) ? given.annotations : []).entries()) {
    if (!isRecord(drawn)) continue;
    const [left, top, width, height] = [drawn.left, drawn.top, drawn.width, drawn.height].map(numberOf);
    if (left === undefined || top === undefined || width === undefined || height === undefined) continue;
    const label = String(names[String(drawn.class_id)] ?? drawn.class_id);
    const object: unknown = objects[position];
    boxes.push({ label, left, top, width, height, confidence: isRecord(object) ? numberOf(object.confidence) : undefined });
  }
  const size: unknown = Array.isArray(given.image_size) ? given.image_size[0] : undefined;
  const [width, height] = isRecord(size) ? [numberOf(size.width), numberOf(size.height)] : [];
  return { kind: "boxes", boxes, size: width && height ? { width, height } : undefined };
}

function colorsOf(map: unknown): Map<Color, string> {
  const colors = new Map<Color, string>();
  for (const entry of isRecord(map) ? Object.values(map) : []) {
    if (!isRecord(entry) || typeof entry["class-name"] !== "string" || entry["class-name"] === BACKGROUND) continue;
    const color = colorOf(entry["hex-color"]);
    if (color !== undefined) colors.set(color, entry["class-name"]);
  }
  return colors;
}

function entitiesOf(value: unknown): Entity[] {
  const annotations = isRecord(value) && isRecord(value.annotations) ? value.annotations : {};
  const entities: Entity[] = [];
  for (const entity of Array.isArray(annotations.entities) ? annotations.entities : []) {
    if (!isRecord(entity) || typeof entity.label !== "string") continue;
    entities.push({ label: entity.label, startOffset: Number(entity.startOffset), endOffset: Number(entity.endOffset) });
  }
  return entities;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Each label on the annotation once, in the order in which it comes. */
export function labelsIn(annotation: Annotation): readonly string[] {
  switch (annotation.kind) {
    case "classes":
      return [...new Set(annotation.classes.map(({ label }) => label))];
    case "boxes":
      return [...new Set(annotation.boxes.map(({ label }) => label))];
    case "mask":
      return [...new Set(annotation.colors.values())];
    case "entities":
      return [...new Set(annotation.entities.map(({ label }) => label))];
    case "other":
      return [];
  }
}
