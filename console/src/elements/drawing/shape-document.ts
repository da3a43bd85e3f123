/** The shapes of one picture in their order, and the history of their changes. */

import { History } from "./history";
import type { Shape } from "./shapes";

/** One shape that came (no `before`), went (no `after`) or became another, at its place in the order. */
interface Step {
  readonly at: number;
  readonly before?: Shape;
  readonly after?: Shape;
}

export class ShapeDocument {
  #shapes: Shape[] = [];
  #history = new History<Step>();
  #nextId = 1;

  get shapes(): readonly Shape[] {
    return this.#shapes;
  }

  get canUndo(): boolean {
    return this.#history.canUndo;
  }

  get canRedo(): boolean {
    return this.#history.canRedo;
  }

  shape(id: number | undefined): Shape | undefined {
    return this.#shapes.find((shape) => shape.id === id);
  }

  /** Begins anew with these shapes; there is nothing to undo. */
  load(shapes: readonly Omit<Shape, "id">[]): void {
    this.#shapes = shapes.map((shape) => ({ ...shape, id: this.#nextId++ }));
    this.#history.clear();
  }

  add(shape: Omit<Shape, "id">): Shape {
    const after = { ...shape, id: this.#nextId++ };
    this.#make({ at: this.#shapes.length, after });
    return after;
  }

  remove(id: number): void {
    const at = this.#place(id);
    if (at >= 0) this.#make({ at, before: this.#shapes[at] });
  }

  /** A new form or label for the shape with the same id. `together` joins the change with the one before, if that was of this shape. */
  replace(after: Shape, together = false): void {
    const at = this.#place(after.id);
    if (at < 0) return;
    const last = this.#history.last;
    if (together && last?.before && last.after?.id === after.id && !this.#history.canRedo) {
      this.#history.amend({ at, before: last.before, after });
      this.#apply({ at, before: last.after, after });
    } else {
      this.#make({ at, before: this.#shapes[at], after });
    }
  }

  /** Takes the last change back; the answer is the shape as it is now, or as it was before it went. */
  undo(): Shape | undefined {
    const step = this.#history.undo();
    if (step) this.#apply({ at: step.at, before: step.after, after: step.before });
    return step && (step.before ?? step.after);
  }

  redo(): Shape | undefined {
    const step = this.#history.redo();
    if (step) this.#apply(step);
    return step && (step.after ?? step.before);
  }

  #place(id: number): number {
    return this.#shapes.findIndex((shape) => shape.id === id);
  }

  #make(step: Step): void {
    this.#history.record(step);
    this.#apply(step);
  }

  #apply({ at, before, after }: Step): void {
    this.#shapes = this.#shapes.toSpliced(at, before ? 1 : 0, ...(after ? [after] : []));
  }
}
