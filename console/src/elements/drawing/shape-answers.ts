/** Shapes as Ground Truth's elements submit them and take them as `initial-value` (pages sms-ui-template-crowd-bounding-box, -polygon, -polyline, -line, -keypoint). */

import type { Point, Size } from "./geometry";
import { FEWEST_VERTICES, type Form, fitted, type Kind, type Shape } from "./shapes";

/** Under which key an element's answer has its shapes. */
export const ANSWER_KEYS = {
  box: "boundingBoxes",
  polygon: "polygons",
  polyline: "polylines",
  line: "lines",
  keypoint: "keypoints",
} as const satisfies Record<Kind, string>;

type LabeledForm = Omit<Shape, "id">;

export function shapesAnswer(kind: Kind, shapes: readonly LabeledForm[], size: Size | undefined, modified: boolean | undefined): Record<string, unknown> {
  return {
    [ANSWER_KEYS[kind]]: shapes.map(({ label, form }) => ({ label, ...content(form) })),
    inputImageProperties: { width: size?.width ?? 0, height: size?.height ?? 0 },
    ...(modified === undefined ? {} : { initialValueModified: modified }),
  };
}

function content(form: Form): object {
  switch (form.kind) {
    case "box":
      return { left: form.left, top: form.top, width: form.width, height: form.height };
    case "keypoint":
      return { x: form.x, y: form.y };
    default:
      return { vertices: form.vertices.map(({ x, y }) => ({ x, y })) };
  }
}

/**
 * The shapes of an answer or of an `initial-value`: a list, or an object with the list under the answer's key. What is no shape, has a
 * label that is not among `labels` or lies outside the picture is left out; without a size the picture is not known yet.
 */
export function shapesFrom(kind: Kind, given: unknown, labels: readonly string[], size: Size | undefined): LabeledForm[] {
  const list = Array.isArray(given) ? given : (given as Record<string, unknown> | null | undefined)?.[ANSWER_KEYS[kind]];
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown) => {
    if (typeof entry !== "object" || entry === null) return [];
    const fields = entry as Record<string, unknown>;
    const form = formFrom(kind, fields);
    const inside = form && size ? fitted(form, size) : form;
    return inside && typeof fields.label === "string" && labels.includes(fields.label) ? [{ label: fields.label, form: inside }] : [];
  });
}

function formFrom(kind: Kind, fields: Record<string, unknown>): Form | undefined {
  if (kind === "box") {
    const { left, top, width, height } = fields;
    const whole = [left, top, width, height].every(Number.isFinite) && (width as number) > 0 && (height as number) > 0;
    return whole ? ({ kind, left, top, width, height } as Form) : undefined;
  }
  if (kind === "keypoint") return isPoint(fields) ? { kind, x: fields.x, y: fields.y } : undefined;
  const vertices = fields.vertices;
  if (!Array.isArray(vertices) || !vertices.every(isPoint) || vertices.length < FEWEST_VERTICES[kind]) return undefined;
  if (kind === "line" && vertices.length !== FEWEST_VERTICES.line) return undefined;
  return { kind, vertices: vertices.map(({ x, y }) => ({ x, y })) };
}

function isPoint(value: unknown): value is Point {
  const point = value as Partial<Point> | null;
  return typeof point === "object" && Number.isFinite(point?.x) && Number.isFinite(point?.y);
}

export function sameShapes(some: readonly LabeledForm[], others: readonly LabeledForm[]): boolean {
  const text = (shapes: readonly LabeledForm[]) => JSON.stringify(shapes.map(({ label, form }) => [label, content(form)]));
  return some.length === others.length && text(some) === text(others);
}
