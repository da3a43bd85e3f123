/** The shapes that workers draw: boxes, paths and points, each with a label. Shapes never change; edits make new ones. */

import {
  areaOf,
  boundsOf,
  clamp,
  distance,
  distanceToSegment,
  insidePolygon,
  onPixelCorner,
  type Point,
  pixelUnder,
  type Rect,
  type Size,
  sides,
} from "./geometry";

export interface Box extends Rect {
  readonly kind: "box";
}

export interface Path {
  readonly kind: "polygon" | "polyline" | "line";
  readonly vertices: readonly Point[];
}

export interface Keypoint extends Point {
  readonly kind: "keypoint";
}

export type Form = Box | Path | Keypoint;
export type Kind = Form["kind"];

export interface Shape {
  readonly id: number;
  readonly label: string;
  readonly form: Form;
}

/** How many vertices a path of the kind has at least; a line has no more than that. */
export const FEWEST_VERTICES = { polygon: 3, polyline: 2, line: 2 } as const;

export function boundsOfForm(form: Form): Rect {
  if (form.kind === "box") return form;
  if (form.kind === "keypoint") return { left: form.x, top: form.y, width: 0, height: 0 };
  return boundsOf(form.vertices);
}

/** The box between two points or around more of them; undefined where it would have no area. */
export function boxAround(points: readonly Point[], size: Size): Box | undefined {
  const { left, top, width, height } = boundsOf(points.map((point) => onPixelCorner(point, size)));
  return width > 0 && height > 0 ? { kind: "box", left, top, width, height } : undefined;
}

/** The form shifted as far as it stays inside the picture. */
export function moved(form: Form, by: Point, size: Size): Form {
  const { left, top, width, height } = boundsOfForm(form);
  const last = form.kind === "keypoint" ? 1 : 0;
  const dx = clamp(by.x, -left, Math.max(size.width - last - left - width, -left));
  const dy = clamp(by.y, -top, Math.max(size.height - last - top - height, -top));
  switch (form.kind) {
    case "box":
      return { ...form, left: left + dx, top: top + dy };
    case "keypoint":
      return { ...form, x: left + dx, y: top + dy };
    default:
      return { ...form, vertices: form.vertices.map(({ x, y }) => ({ x: x + dx, y: y + dy })) };
  }
}

// The handles of a box clockwise from the top left: which part of its width and height they are at.
const BOX_HANDLES = [
  [0, 0],
  [0.5, 0],
  [1, 0],
  [1, 0.5],
  [1, 1],
  [0.5, 1],
  [0, 1],
  [0, 0.5],
] as const;

/** The points by which a form is resized, in a fixed order. */
export function handlesOf(form: Form): readonly Point[] {
  switch (form.kind) {
    case "box":
      return BOX_HANDLES.map(([right, down]) => ({ x: form.left + right * form.width, y: form.top + down * form.height }));
    case "keypoint":
      return [];
    default:
      return form.vertices;
  }
}

/** The form after one handle was brought to a place. A box keeps a pixel's width and height; its handles do not swap sides. */
export function withHandle(form: Form, handle: number, to: Point, size: Size): Form {
  if (form.kind === "keypoint") return form;
  const at = onPixelCorner(to, size);
  if (form.kind !== "box") return { ...form, vertices: form.vertices.map((vertex, index) => (index === handle ? at : vertex)) };
  const [right, down] = BOX_HANDLES[handle] ?? [0.5, 0.5];
  const [left, width] = side(form.left, form.width, right, at.x);
  const [top, height] = side(form.top, form.height, down, at.y);
  return { kind: "box", left, top, width, height };
}

/** One axis of a box after a handle at its start (part 0) or end (part 1) went to a whole pixel. */
function side(start: number, length: number, part: number, to: number): [number, number] {
  const end = start + length;
  if (part === 0) {
    const moved = Math.min(to, Math.ceil(end) - 1);
    return [moved, end - moved];
  }
  return part === 1 ? [start, Math.max(to, Math.floor(start) + 1) - start] : [start, length];
}

/** A form given from outside made to fit the picture; undefined where nothing of it can stay. One that fits stays as it is. */
export function fitted(form: Form, size: Size): Form | undefined {
  switch (form.kind) {
    case "box": {
      const left = clamp(form.left, 0, size.width);
      const top = clamp(form.top, 0, size.height);
      const cut = {
        ...form,
        left,
        top,
        width: left === form.left && form.left + form.width <= size.width ? form.width : Math.min(form.left + form.width, size.width) - left,
        height: top === form.top && form.top + form.height <= size.height ? form.height : Math.min(form.top + form.height, size.height) - top,
      };
      return cut.width > 0 && cut.height > 0 ? cut : undefined;
    }
    case "keypoint":
      return { ...form, x: clamp(form.x, 0, size.width - 1), y: clamp(form.y, 0, size.height - 1) };
    default:
      return {
        ...form,
        vertices: form.vertices.map(({ x, y }) => ({ x: clamp(x, 0, size.width), y: clamp(y, 0, size.height) })),
      };
  }
}

/** Where a point lands when it is placed for this kind: a keypoint is a pixel, all else lies between pixels. */
export function placed(kind: Kind, at: Point, size: Size): Point {
  return kind === "keypoint" ? pixelUnder(at, size) : onPixelCorner(at, size);
}

function outline(form: Form): [Point, Point][] {
  if (form.kind === "keypoint") return [[form, form]];
  if (form.kind !== "box") return sides(form.vertices, form.kind === "polygon");
  const right = form.left + form.width;
  const bottom = form.top + form.height;
  return sides(
    [
      { x: form.left, y: form.top },
      { x: right, y: form.top },
      { x: right, y: bottom },
      { x: form.left, y: bottom },
    ],
    true,
  );
}

function contains(form: Form, at: Point): boolean {
  if (form.kind === "box") {
    return form.left <= at.x && at.x <= form.left + form.width && form.top <= at.y && at.y <= form.top + form.height;
  }
  return form.kind === "polygon" && insidePolygon(at, form.vertices);
}

function area(form: Form): number {
  if (form.kind === "box") return form.width * form.height;
  return form.kind === "polygon" ? areaOf(form.vertices) : 0;
}

/** The shape that a press means: the nearest outline within the tolerance, else the smallest shape around the point. */
export function shapeAt(shapes: readonly Shape[], at: Point, tolerance: number): Shape | undefined {
  let nearest: Shape | undefined;
  let least = tolerance;
  let around: Shape | undefined;
  for (const shape of shapes) {
    const { left, top, width, height } = boundsOfForm(shape.form);
    if (at.x < left - tolerance || at.x > left + width + tolerance || at.y < top - tolerance || at.y > top + height + tolerance) continue;
    const away = Math.min(...outline(shape.form).map(([from, to]) => distanceToSegment(at, from, to)));
    // Among equals the one drawn last, which lies on top.
    if (away <= least) {
      nearest = shape;
      least = away;
    }
    if (contains(shape.form, at) && (around === undefined || area(shape.form) <= area(around.form))) around = shape;
  }
  return nearest ?? around;
}

/** The handle within the tolerance that is nearest; corners before the middles of sides. */
export function handleAt(form: Form, at: Point, tolerance: number): number | undefined {
  let nearest: number | undefined;
  let least = tolerance;
  for (const [index, handle] of handlesOf(form).entries()) {
    const away = distance(handle, at) + (form.kind === "box" && index % 2 ? 1e-3 : 0);
    if (away <= least) {
      nearest = index;
      least = away;
    }
  }
  return nearest;
}
