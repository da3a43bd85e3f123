/** Painting masks: what presses, moves and keys do to a mask and, for instance segmentation, to its list of instances. */

import type { Editor, EditorListener, Press, Tool } from "./editor";
import { clamp, distance, onPixelCorner, type Point, pixelUnder, type Rect, type Size } from "./geometry";
import { History } from "./history";
import { Mask, type Patch } from "./mask";

/** One thing of a label; its number in the mask is its place in the list, from 1. */
export interface Instance {
  readonly label: string;
  /** False for one that was taken away; its number is not used again. */
  readonly present: boolean;
}

interface Change {
  readonly patch?: Patch;
  readonly instances?: { readonly before: readonly Instance[]; readonly after: readonly Instance[] };
  readonly erased: boolean;
  readonly number: number;
}

export const SMALLEST_BRUSH = 1;
export const LARGEST_BRUSH = 400;

export class MaskEditor implements Editor {
  readonly tools: readonly Tool[] = ["brush", "eraser", "fill", "select", "move"];
  readonly mask: Mask;
  #brush: number;
  #onlyUnpainted = false;
  #tool: Tool = "brush";
  #label = 0;
  #instances: readonly Instance[];
  #active: number;
  #history = new History<Change>();
  #from: Point | undefined;
  #begun: Point[] = [];
  #pointer: Point | undefined;
  #dirty: Rect[] = [];

  constructor(
    /** Whether each label is one class of pixels or may have any number of instances. */
    readonly kind: "semantic" | "instances",
    readonly labels: readonly string[],
    readonly size: Size,
    private readonly listener: EditorListener,
  ) {
    this.mask = new Mask(size);
    this.#brush = Math.max(Math.round(Math.max(size.width, size.height) / 40), 3);
    this.#instances = labels.map((label) => ({ label, present: true }));
    this.#active = 1;
    if (kind === "instances") {
      this.#instances = [];
      this.#active = 0;
    }
  }

  /** Diameter in picture pixels. */
  get brush(): number {
    return this.#brush;
  }

  /** Whether painted pixels of other labels are left as they are. */
  get onlyUnpainted(): boolean {
    return this.#onlyUnpainted;
  }

  get tool(): Tool {
    return this.#tool;
  }

  get label(): number {
    return this.#label;
  }

  /** All numbers of the mask: the labels themselves, or the instances. */
  get instances(): readonly Instance[] {
    return this.#instances;
  }

  /** The number that is painted next; 0 when the first stroke will begin an instance. */
  get active(): number {
    return this.#active;
  }

  get canUndo(): boolean {
    return this.#begun.length > 0 || this.#history.canUndo;
  }

  get canRedo(): boolean {
    return this.#begun.length === 0 && this.#history.canRedo;
  }

  get holdsPen(): boolean {
    return this.#tool === "brush" || this.#tool === "eraser";
  }

  get canFinish(): boolean {
    return this.#begun.length > 0;
  }

  get nudges(): boolean {
    return false;
  }

  get begun(): readonly Point[] {
    return this.#begun;
  }

  get ahead(): Point | undefined {
    return this.#pointer && onPixelCorner(this.#pointer, this.size);
  }

  /** Where the brush is, while it may paint. */
  get brushAt(): Point | undefined {
    return this.holdsPen ? this.#pointer : undefined;
  }

  get isDirty(): boolean {
    return this.#dirty.length > 0;
  }

  /** The rectangles of the mask that changed since the last call. */
  takeDirty(): Rect[] {
    const dirty = this.#dirty;
    this.#dirty = [];
    return dirty;
  }

  /** Begins anew; `numbers` are instances, or undefined to keep those of the labels. */
  load(cells: Uint16Array, numbers?: readonly Instance[]): void {
    this.mask.load(cells);
    if (numbers) this.#instances = numbers;
    if (this.kind === "instances") this.#active = 0;
    this.#history.clear();
    this.#begun = [];
    this.#from = undefined;
    this.#all();
    this.listener.changed(true);
  }

  chooseTool(tool: Tool): void {
    this.#leave();
    this.#tool = tool;
    this.listener.changed(false);
  }

  /** For instances: the next stroke begins a new one of the label. */
  chooseLabel(index: number): void {
    const label = this.labels[index];
    if (label === undefined) return;
    this.#label = index;
    this.#active = this.kind === "semantic" ? index + 1 : 0;
    if (this.#tool === "eraser" || this.#tool === "select") this.#tool = "brush";
    this.listener.changed(false);
  }

  /** Goes on with an instance. */
  chooseInstance(number: number): void {
    const instance = this.#instances[number - 1];
    if (!instance?.present) return;
    this.#active = number;
    this.#label = this.labels.indexOf(instance.label);
    this.listener.happened({ what: "instance", label: this.nameOf(number) });
    this.listener.changed(false);
  }

  /** A label, with the place among the instances of the label where there may be several. */
  nameOf(number: number): string {
    const instance = this.#instances[number - 1];
    if (!instance || this.kind === "semantic") return instance?.label ?? "";
    const place = this.#instances.slice(0, number).filter(({ label }) => label === instance.label).length;
    return `${instance.label} ${place}`;
  }

  setBrush(diameter: number): void {
    this.#brush = clamp(Math.round(diameter), SMALLEST_BRUSH, LARGEST_BRUSH);
    this.listener.changed(false);
  }

  /** By at least one pixel. */
  resizeBrush(factor: number): void {
    const wanted = Math.round(this.#brush * factor);
    this.setBrush(wanted === this.#brush ? wanted + Math.sign(factor - 1) : wanted);
  }

  keepPainted(keep: boolean): void {
    this.#onlyUnpainted = keep;
    this.listener.changed(false);
  }

  press(at: Point, press: Press): void {
    this.#pointer = at;
    switch (this.#tool) {
      case "brush":
      case "eraser":
        this.#begin();
        this.#from = at;
        this.#paint(at, at);
        if (!press.grabs) this.listener.happened({ what: "pen-down" });
        return;
      case "fill":
        return this.#setPoint(at, press.tolerance);
      case "select": {
        const number = this.mask.at(pixelUnder(at, this.size));
        if (number === 0) return this.listener.happened({ what: "nothing-there" });
        return this.chooseInstance(number);
      }
    }
  }

  follow(at: Point): void {
    this.#pointer = at;
    if (this.#from) {
      this.#paint(this.#from, at);
      this.#from = at;
    }
    this.listener.changed(false);
  }

  release(): void {
    if (!this.#from) return;
    this.#from = undefined;
    this.#commit();
  }

  finish(): void {
    if (this.#begun.length === 0) return;
    if (this.#begun.length < 3) return this.listener.happened({ what: "too-few" });
    const vertices = this.#begun;
    this.#begun = [];
    this.#begin();
    this.#note(this.mask.polygon(vertices, this.#active, this.#only));
    this.#commit();
  }

  cancel(): void {
    if (this.#begun.length === 0 && !this.#from) return;
    this.#leave();
    this.listener.happened({ what: "cancelled" });
    this.listener.changed(false);
  }

  remove(): void {
    if (this.#begun.length > 0) {
      this.#begun = this.#begun.slice(0, -1);
      this.listener.changed(false);
    } else if (this.#active > 0) {
      this.clear(this.#active);
    }
  }

  /** Takes away all that is painted with a number; an instance goes with it. */
  clear(number: number): void {
    this.#leave();
    const label = this.nameOf(number);
    this.#note(this.mask.clear(number));
    const patch = this.mask.commit();
    const before = this.#instances;
    if (this.kind === "instances") {
      this.#instances = before.map((instance, index) => (index === number - 1 ? { ...instance, present: false } : instance));
      if (this.#active === number) this.#active = 0;
    } else if (!patch) {
      return;
    }
    this.#history.record({ patch, erased: true, number, ...(this.kind === "instances" ? { instances: { before, after: this.#instances } } : {}) });
    this.listener.happened({ what: "erased", label });
    this.listener.changed(true);
  }

  undo(): void {
    if (this.#begun.length > 0) return this.remove();
    const change = this.#history.undo();
    if (!change) return;
    this.#leave();
    if (change.patch) this.#note(this.mask.apply(change.patch, change.patch.before));
    this.#restored(change, change.instances?.before, "mask-undone");
  }

  redo(): void {
    if (this.#begun.length > 0) return;
    const change = this.#history.redo();
    if (!change) return;
    this.#leave();
    if (change.patch) this.#note(this.mask.apply(change.patch, change.patch.after));
    this.#restored(change, change.instances?.after, "mask-redone");
  }

  nudge(): void {}

  nextHandle(): void {}

  next(step: 1 | -1): void {
    const present = this.#instances.flatMap((instance, index) => (instance.present ? [index + 1] : []));
    if (present.length === 0) return this.listener.happened({ what: "empty" });
    const now = present.indexOf(this.#active);
    this.chooseInstance(present[now < 0 ? (step > 0 ? 0 : present.length - 1) : (now + step + present.length) % present.length]!);
  }

  get #only(): number | undefined {
    return this.#onlyUnpainted ? 0 : undefined;
  }

  /** What instances were before a stroke that began one. */
  #before: readonly Instance[] | undefined;

  #begin(): void {
    this.mask.rollback();
    if (this.#tool === "eraser" || this.#active > 0) return;
    this.#before = this.#instances;
    this.#instances = [...this.#instances, { label: this.labels[this.#label]!, present: true }];
    this.#active = this.#instances.length;
  }

  #paint(from: Point, to: Point): void {
    const erases = this.#tool === "eraser";
    this.#note(this.mask.stroke(from, to, this.#brush / 2, erases ? 0 : this.#active, erases ? undefined : this.#only));
    this.listener.changed(false);
  }

  #commit(): void {
    const patch = this.mask.commit();
    const before = this.#before;
    this.#before = undefined;
    if (!patch) {
      if (before) {
        this.#instances = before;
        this.#active = 0;
      }
      this.listener.changed(false);
      return;
    }
    const erased = this.#tool === "eraser";
    this.#history.record({ patch, erased, number: this.#active, ...(before ? { instances: { before, after: this.#instances } } : {}) });
    this.listener.happened({ what: erased ? "erased" : "painted", label: erased ? "" : this.nameOf(this.#active) });
    this.listener.changed(true);
  }

  #setPoint(at: Point, tolerance: number): void {
    const point = onPixelCorner(at, this.size);
    const before = this.#begun.at(-1);
    if (before && before.x === point.x && before.y === point.y) return;
    if (this.#begun.length >= 3 && distance(this.#begun[0]!, at) <= tolerance) return this.finish();
    this.#begun = [...this.#begun, point];
    this.listener.happened({ what: "point-set", count: this.#begun.length, at: point });
    this.listener.changed(false);
  }

  /** Leaves out what is begun. */
  #leave(): void {
    this.#begun = [];
    this.#from = undefined;
    this.#note(this.mask.rollback());
    if (this.#before) {
      this.#instances = this.#before;
      this.#before = undefined;
      this.#active = 0;
    }
  }

  #restored(change: Change, instances: readonly Instance[] | undefined, what: "mask-undone" | "mask-redone"): void {
    if (instances) this.#instances = instances;
    if (!this.#instances[this.#active - 1]?.present) this.#active = this.kind === "instances" ? 0 : this.#active;
    this.listener.happened({ what, label: change.number > 0 ? this.nameOf(change.number) : "" });
    this.listener.changed(true);
  }

  #note(rect: Rect | undefined): void {
    if (rect) this.#dirty.push(rect);
  }

  #all(): void {
    this.#dirty = [{ left: 0, top: 0, ...this.size }];
  }
}
