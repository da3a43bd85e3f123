/** Draws shapes: all of them as one path for each label, so that thousands take a few milliseconds. */

import { inkOn, labelColour, labelPattern, type Pattern } from "../labels";
import type { Point } from "./geometry";
import { dot, type Frame, haloed, type Painter, paintBegun } from "./painter";
import type { ShapeEditor } from "./shape-editor";
import { boundsOfForm, type Form, handlesOf, type Shape } from "./shapes";
import { toStage, type Viewport } from "./viewport";

// Names are written for so many shapes in sight at most; with more they would hide the picture.
const MOST_NAMES = 150;
const DASHES: Record<Pattern, number[]> = {
  solid: [],
  rising: [10, 4],
  dots: [2, 3],
  falling: [10, 3, 2, 3],
  horizontal: [5, 3],
  grid: [14, 3, 2, 3, 2, 3],
  vertical: [3, 5],
};

export interface ShownShapes {
  readonly labels: readonly string[];
  readonly shapes: readonly Shape[];
  readonly colors?: readonly string[];
}

export class ShapePainter implements Painter {
  #paths = new Map<string, Path2D>();
  #of: readonly Shape[] | undefined;
  #without: number | undefined;

  /** `editor` is undefined for shapes that are only shown. */
  constructor(
    private readonly shown: () => ShownShapes,
    private readonly editor?: ShapeEditor,
  ) {}

  rest(context: CanvasRenderingContext2D, frame: Frame): void {
    const { labels, shapes } = this.shown();
    const { view, stage } = frame;
    this.#build(shapes);
    context.save();
    context.transform(view.scale, 0, 0, view.scale, view.x, view.y);
    const strokes = [...this.#paths].map(([label, path]) => ({ path, position: Math.max(labels.indexOf(label), 0) }));
    context.strokeStyle = "rgb(0 0 0 / 65%)";
    context.lineWidth = 4 / view.scale;
    for (const { path } of strokes) context.stroke(path);
    context.lineWidth = 2 / view.scale;
    for (const { path, position } of strokes) {
      context.strokeStyle = this.#color(position);
      context.setLineDash(DASHES[labelPattern(position)].map((length) => length / view.scale));
      context.stroke(path);
    }
    context.restore();
    const inSight = shapes.filter(({ id, form }) => id !== this.#without && isInSight(form, view, stage.width, stage.height));
    for (const { form, label } of inSight) {
      if (form.kind === "keypoint") dot(context, this.#dotAt(form, view), this.#color(labels.indexOf(label)), 5);
    }
    if (frame.names && inSight.length <= MOST_NAMES) for (const shape of inSight) this.#name(context, shape, view);
  }

  active(context: CanvasRenderingContext2D, { view, names }: Frame): void {
    const editor = this.editor;
    if (!editor) return;
    const shape = editor.held ?? editor.selected;
    if (shape) this.#selected(context, shape, view, names, editor.handle);
    const onStage = (point: Point) => toStage(view, point);
    const color = this.#color(editor.label);
    if (editor.tool === "four-clicks") {
      for (const point of editor.begun) dot(context, onStage(point), color, 4);
    } else if (editor.kind === "box") {
      const [corner] = editor.begun;
      if (corner) {
        const [from, to] = [onStage(corner), onStage(editor.ahead ?? corner)];
        context.beginPath();
        context.rect(from.x, from.y, to.x - from.x, to.y - from.y);
        haloed(context, color, 2);
        dot(context, from, color, 4);
      }
    } else {
      paintBegun(context, editor.begun.map(onStage), editor.ahead && onStage(editor.ahead), color, editor.kind === "polygon");
    }
  }

  #build(shapes: readonly Shape[]): void {
    const without = this.editor?.held?.id;
    if (shapes === this.#of && without === this.#without) return;
    this.#of = shapes;
    this.#without = without;
    this.#paths = new Map();
    for (const { id, label, form } of shapes) {
      if (id === without || form.kind === "keypoint") continue;
      const path = this.#paths.get(label) ?? new Path2D();
      this.#paths.set(label, path);
      trace(path, form);
    }
  }

  #selected(context: CanvasRenderingContext2D, { label, form }: Shape, view: Viewport, names: boolean, handle: number | undefined): void {
    const color = this.#color(this.shown().labels.indexOf(label));
    if (form.kind === "keypoint") {
      const at = this.#dotAt(form, view);
      dot(context, at, "#ffffff", 9);
      dot(context, at, color, 6);
    } else {
      const path = new Path2D();
      trace(path, form);
      context.save();
      context.transform(view.scale, 0, 0, view.scale, view.x, view.y);
      context.fillStyle = color;
      context.globalAlpha = 0.2;
      if (form.kind === "box" || form.kind === "polygon") context.fill(path);
      context.globalAlpha = 1;
      for (const [stroke, width] of [
        ["#000000", 6],
        ["#ffffff", 4],
        [color, 2],
      ] as const) {
        context.strokeStyle = stroke;
        context.lineWidth = width / view.scale;
        context.stroke(path);
      }
      context.restore();
    }
    for (const [index, point] of handlesOf(form).entries()) {
      const at = toStage(view, point);
      const half = index === handle ? 7 : 4.5;
      context.fillStyle = index === handle ? "#ffd400" : "#ffffff";
      context.strokeStyle = "#000000";
      context.lineWidth = 1.5;
      context.fillRect(at.x - half, at.y - half, half * 2, half * 2);
      context.strokeRect(at.x - half, at.y - half, half * 2, half * 2);
    }
    if (names) this.#name(context, { id: 0, label, form }, view);
  }

  #name(context: CanvasRenderingContext2D, { label, form }: Shape, view: Viewport): void {
    const { left, top } = boundsOfForm(form);
    const at = toStage(view, { x: left, y: top });
    const color = this.#color(this.shown().labels.indexOf(label));
    context.font = "600 12px system-ui, sans-serif";
    context.textBaseline = "middle";
    const text = label.length > 24 ? `${label.slice(0, 23)}…` : label;
    const width = context.measureText(text).width + 8;
    const x = form.kind === "keypoint" ? at.x + 10 : at.x - 1;
    const y = Math.max(form.kind === "keypoint" ? at.y - 9 : at.y - 20, 0);
    context.fillStyle = color;
    context.fillRect(x, y, width, 18);
    context.fillStyle = inkOn(color);
    context.fillText(text, x + 4, y + 9.5);
  }

  /** A keypoint is a pixel: its dot is in the pixel's middle. */
  #dotAt(form: Point, view: Viewport): Point {
    return toStage(view, { x: form.x + 0.5, y: form.y + 0.5 });
  }

  #color(position: number): string {
    return this.shown().colors?.[position] ?? labelColour(Math.max(position, 0));
  }
}

function trace(path: Path2D, form: Form): void {
  if (form.kind === "box") {
    path.rect(form.left, form.top, form.width, form.height);
  } else if (form.kind !== "keypoint") {
    const [first, ...others] = form.vertices;
    path.moveTo(first!.x, first!.y);
    for (const { x, y } of others) path.lineTo(x, y);
    if (form.kind === "polygon") path.closePath();
  }
}

function isInSight(form: Form, view: Viewport, width: number, height: number): boolean {
  const { left, top, width: across, height: down } = boundsOfForm(form);
  const from = toStage(view, { x: left, y: top });
  const to = toStage(view, { x: left + across, y: top + down });
  return to.x >= 0 && to.y >= 0 && from.x <= width && from.y <= height;
}
