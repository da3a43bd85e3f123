/** Drawing, selecting and changing shapes: what presses, moves and keys do to a document of shapes. */

import type { Editor, EditorListener, Press, Tool } from "./editor";
import { crossesItself, distance, type Point, type Size } from "./geometry";
import { ShapeDocument } from "./shape-document";
import { boundsOfForm, boxAround, FEWEST_VERTICES, type Form, handleAt, handlesOf, type Kind, moved, placed, type Shape, shapeAt, withHandle } from "./shapes";

const EXTREMES = 4;

/** A press on a shape or on one of its handles that is still held. */
interface Grip {
  readonly shape: Shape;
  readonly handle: number | undefined;
  readonly from: Point;
  readonly tolerance: number;
  form: Form;
}

export class ShapeEditor implements Editor {
  readonly tools: readonly Tool[];
  readonly document = new ShapeDocument();
  readonly holdsPen = false;
  #tool: Tool = "draw";
  #label = 0;
  #selected: number | undefined;
  #handle: number | undefined;
  #begun: Point[] = [];
  #pressedAt: Point | undefined;
  #pointer: Point | undefined;
  #grip: Grip | undefined;
  #nudging = false;

  constructor(
    readonly kind: Kind,
    readonly labels: readonly string[],
    readonly size: Size,
    private readonly listener: EditorListener,
  ) {
    this.tools = kind === "box" ? ["select", "draw", "four-clicks", "move"] : ["select", "draw", "move"];
  }

  get tool(): Tool {
    return this.#tool;
  }

  get label(): number {
    return this.#label;
  }

  get canUndo(): boolean {
    return this.#begun.length > 0 || this.document.canUndo;
  }

  get canRedo(): boolean {
    return this.#begun.length === 0 && this.document.canRedo;
  }

  get canFinish(): boolean {
    return this.#begun.length > 0 && (this.kind === "polygon" || this.kind === "polyline");
  }

  get nudges(): boolean {
    return this.#tool === "select" && this.selected !== undefined;
  }

  get selected(): Shape | undefined {
    return this.document.shape(this.#selected);
  }

  /** The handle that the arrow keys move. */
  get handle(): number | undefined {
    return this.#handle;
  }

  /** The shape that is being moved or resized, as it would become. */
  get held(): Shape | undefined {
    return this.#grip && { ...this.#grip.shape, form: this.#grip.form };
  }

  /** The points set so far, and where the next one would be. */
  get begun(): readonly Point[] {
    return this.#begun;
  }

  get ahead(): Point | undefined {
    return this.#pointer && placed(this.kind, this.#pointer, this.size);
  }

  chooseTool(tool: Tool): void {
    this.#begun = [];
    this.#grip = undefined;
    this.#handle = undefined;
    this.#tool = tool;
    this.listener.changed(false);
  }

  chooseLabel(index: number): void {
    const label = this.labels[index];
    if (label === undefined) return;
    this.#label = index;
    const selected = this.selected;
    if (this.nudges && selected && selected.label !== label) this.#replace({ ...selected, label });
    else this.listener.changed(false);
  }

  select(id: number | undefined): void {
    this.#selected = id;
    this.#handle = undefined;
    this.#nudging = false;
    const selected = this.selected;
    if (selected) {
      this.#label = Math.max(this.labels.indexOf(selected.label), 0);
      this.#tell("selected", selected);
    }
    this.listener.changed(false);
  }

  press(at: Point, press: Press): void {
    this.#pointer = at;
    this.#nudging = false;
    if (this.#tool === "select" || (press.grabs && this.#begun.length === 0 && this.#handleUnder(at, press.tolerance) !== undefined)) {
      this.#grasp(at, press.tolerance);
      return;
    }
    this.#pressedAt = at;
    this.#setPoint(at, press.tolerance);
  }

  follow(at: Point): void {
    this.#pointer = at;
    const grip = this.#grip;
    if (grip) {
      const far = distance(grip.from, at);
      // A press that trembles is no move.
      if (far > grip.tolerance / 2 || grip.form !== grip.shape.form) grip.form = this.#drawn(grip, at);
    }
    if (grip || this.#begun.length > 0) this.listener.changed(false);
  }

  release(at: Point, press: Press): void {
    const grip = this.#grip;
    this.#grip = undefined;
    if (grip) {
      if (grip.form !== grip.shape.form) this.#replaceForm(grip.shape, grip.form);
      else this.listener.changed(false);
    } else if (this.#pressedAt && this.#drags && this.#begun.length === 1 && distance(this.#pressedAt, at) > press.tolerance) {
      this.#setPoint(at, 0);
    }
    this.#pressedAt = undefined;
  }

  finish(): void {
    if (this.#begun.length === 0 || !(this.kind === "polygon" || this.kind === "polyline")) return;
    if (this.#begun.length < FEWEST_VERTICES[this.kind]) {
      this.listener.happened({ what: "too-few" });
    } else if (this.kind === "polygon" && crossesItself(this.#begun, true)) {
      this.listener.happened({ what: "crosses" });
    } else {
      this.#add({ kind: this.kind, vertices: this.#begun });
    }
  }

  cancel(): void {
    if (this.#begun.length > 0 || this.#grip) {
      this.#begun = [];
      this.#grip = undefined;
      this.listener.happened({ what: "cancelled" });
    } else if (this.#handle !== undefined) {
      this.#handle = undefined;
    } else if (this.#selected !== undefined) {
      this.#selected = undefined;
      this.listener.happened({ what: "deselected" });
    }
    this.listener.changed(false);
  }

  remove(): void {
    if (this.#begun.length > 0) {
      this.#begun = this.#begun.slice(0, -1);
      this.listener.changed(false);
    } else if (this.selected) {
      this.removeShape(this.selected.id);
    }
  }

  removeShape(id: number): void {
    const shape = this.document.shape(id);
    if (!shape) return;
    this.document.remove(id);
    if (this.#selected === id) this.#selected = undefined;
    this.#handle = undefined;
    this.#tell("removed", shape);
    this.listener.changed(true);
  }

  undo(): void {
    if (this.#begun.length > 0) return this.remove();
    this.#after("undone", this.document.undo());
  }

  redo(): void {
    if (this.#begun.length === 0) this.#after("redone", this.document.redo());
  }

  nudge(dx: number, dy: number): void {
    const selected = this.selected;
    if (!selected) return;
    const handle = this.#handle === undefined ? undefined : handlesOf(selected.form)[this.#handle];
    const form =
      handle && this.#handle !== undefined
        ? withHandle(selected.form, this.#handle, { x: handle.x + dx, y: handle.y + dy }, this.size)
        : moved(selected.form, { x: dx, y: dy }, this.size);
    const together = this.#nudging;
    this.#replaceForm(selected, form, together);
    this.#nudging = true;
  }

  nextHandle(): void {
    const selected = this.selected;
    const handles = selected ? handlesOf(selected.form) : [];
    if (handles.length === 0) return;
    this.#nudging = false;
    this.#handle = this.#handle === undefined ? 0 : (this.#handle + 1) % handles.length;
    this.listener.happened({ what: "handle", number: this.#handle + 1, of: handles.length, at: handles[this.#handle]! });
    this.listener.changed(false);
  }

  next(step: 1 | -1): void {
    const { shapes } = this.document;
    if (shapes.length === 0) return this.listener.happened({ what: "empty" });
    const now = shapes.findIndex((shape) => shape.id === this.#selected);
    const then = now < 0 ? (step > 0 ? 0 : shapes.length - 1) : (now + step + shapes.length) % shapes.length;
    this.#begun = [];
    this.#tool = "select";
    this.select(shapes[then]!.id);
  }

  /** Whether two points make the shape, so that it may be drawn by one drag. */
  get #drags(): boolean {
    return this.#tool === "draw" && (this.kind === "box" || this.kind === "line");
  }

  #handleUnder(at: Point, tolerance: number): number | undefined {
    return this.selected && handleAt(this.selected.form, at, tolerance);
  }

  #grasp(at: Point, tolerance: number): void {
    const handle = this.#handleUnder(at, tolerance);
    const shape = handle === undefined ? shapeAt(this.document.shapes, at, tolerance) : this.selected;
    if (!shape) {
      this.#selected = undefined;
      this.#handle = undefined;
      this.listener.happened({ what: "nothing-there" });
      this.listener.changed(false);
      return;
    }
    if (shape.id !== this.#selected) this.select(shape.id);
    this.#grip = { shape, handle, from: at, tolerance, form: shape.form };
    this.listener.changed(false);
  }

  #drawn(grip: Grip, to: Point): Form {
    if (grip.handle !== undefined) return withHandle(grip.shape.form, grip.handle, to, this.size);
    const by = { x: Math.round(to.x - grip.from.x), y: Math.round(to.y - grip.from.y) };
    return moved(grip.shape.form, by, this.size);
  }

  #setPoint(at: Point, tolerance: number): void {
    const point = placed(this.kind, at, this.size);
    const before = this.#begun.at(-1);
    if (before && before.x === point.x && before.y === point.y) return;
    const [first] = this.#begun;
    if (this.kind === "polygon" && first && this.#begun.length >= FEWEST_VERTICES.polygon && distance(first, at) <= tolerance) return this.finish();
    const begun = [...this.#begun, point];
    if (this.kind === "polygon" && crossesItself(begun, false)) return this.listener.happened({ what: "crosses" });
    const form = this.#formOf(begun);
    if (form === "flat") return this.listener.happened({ what: "too-few" });
    if (form) return this.#add(form);
    this.#begun = begun;
    this.listener.happened({ what: "point-set", count: begun.length, at: point });
    this.listener.changed(false);
  }

  /** The form that these points complete; undefined as long as more are needed. */
  #formOf(points: readonly Point[]): Form | "flat" | undefined {
    if (this.kind === "keypoint") return { kind: this.kind, ...points[0]! };
    if (this.kind === "line" && points.length === FEWEST_VERTICES.line) return { kind: this.kind, vertices: points };
    if (this.kind === "box" && points.length === (this.#tool === "four-clicks" ? EXTREMES : 2)) return boxAround(points, this.size) ?? "flat";
    return undefined;
  }

  #add(form: Form): void {
    this.#begun = [];
    const shape = this.document.add({ label: this.labels[this.#label]!, form });
    this.#selected = shape.id;
    this.#handle = undefined;
    this.#tell("added", shape);
    this.listener.changed(true);
  }

  #replaceForm(shape: Shape, form: Form, together = false): void {
    if (form.kind === "polygon" && shape.form.kind === "polygon" && crossesItself(form.vertices, true) && !crossesItself(shape.form.vertices, true)) {
      this.listener.happened({ what: "crosses" });
      this.listener.changed(false);
    } else {
      this.#replace({ ...shape, form }, together);
    }
  }

  #replace(shape: Shape, together = false): void {
    this.document.replace(shape, together);
    this.#tell("changed", shape);
    this.listener.changed(true);
  }

  #after(what: "undone" | "redone", shape: Shape | undefined): void {
    if (!shape) return;
    this.#nudging = false;
    this.#handle = undefined;
    this.#selected = this.document.shape(shape.id)?.id;
    this.#tell(what, shape);
    this.listener.changed(true);
  }

  #tell(what: "added" | "removed" | "changed" | "selected" | "undone" | "redone", { label, form }: Shape): void {
    this.listener.happened({ what, label, place: boundsOfForm(form) });
  }
}
