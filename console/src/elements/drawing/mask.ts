/** A mask: for each pixel of a picture the number of what is painted there, 0 for nothing. */

import { clamp, distanceToSegment, type Point, type Rect, type Size, sides } from "./geometry";

/** What a rectangle of the mask held before and after a change, in runs (count, number, count, number...) row by row. */
export interface Patch {
  readonly rect: Rect;
  readonly before: Uint32Array;
  readonly after: Uint32Array;
}

export class Mask {
  readonly cells: Uint16Array;
  /** The mask as it was at the last commit. */
  readonly #committed: Uint16Array;
  #touched: Rect | undefined;

  constructor(readonly size: Size) {
    this.cells = new Uint16Array(size.width * size.height);
    this.#committed = new Uint16Array(size.width * size.height);
  }

  at(pixel: Point): number {
    return this.cells[pixel.y * this.size.width + pixel.x] ?? 0;
  }

  /** Begins anew with these cells. */
  load(cells: Uint16Array): void {
    this.cells.set(cells);
    this.#committed.set(cells);
    this.#touched = undefined;
  }

  /**
   * Paints the pixels whose middles are within the radius of the segment between two points; `only` keeps to pixels of that number.
   * The answer is the rectangle that may have changed; undefined outside the picture.
   */
  stroke(from: Point, to: Point, radius: number, number: number, only?: number): Rect | undefined {
    // At least the pixel under the brush, however thin it is.
    const reach = Math.max(radius, Math.SQRT1_2);
    const rect = this.#cut(Math.min(from.x, to.x) - reach, Math.min(from.y, to.y) - reach, Math.max(from.x, to.x) + reach, Math.max(from.y, to.y) + reach);
    if (!rect) return undefined;
    for (let y = rect.top; y < rect.top + rect.height; y++) {
      const row = y * this.size.width;
      for (let x = rect.left; x < rect.left + rect.width; x++) {
        if (only !== undefined && this.cells[row + x] !== only) continue;
        if (distanceToSegment({ x: x + 0.5, y: y + 0.5 }, from, to) <= reach) this.cells[row + x] = number;
      }
    }
    return this.#touch(rect);
  }

  /** Paints the pixels whose middles are inside the polygon (even-odd rule). */
  polygon(vertices: readonly Point[], number: number, only?: number): Rect | undefined {
    const rect = this.#cut(
      Math.min(...vertices.map(({ x }) => x)),
      Math.min(...vertices.map(({ y }) => y)),
      Math.max(...vertices.map(({ x }) => x)),
      Math.max(...vertices.map(({ y }) => y)),
    );
    if (!rect) return undefined;
    const edges = sides(vertices, true);
    for (let y = rect.top; y < rect.top + rect.height; y++) {
      const middle = y + 0.5;
      const crossings = edges
        .filter(([from, to]) => from.y > middle !== to.y > middle)
        .map(([from, to]) => from.x + ((middle - from.y) * (to.x - from.x)) / (to.y - from.y))
        .sort((some, other) => some - other);
      for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
        const start = clamp(Math.ceil(crossings[pair]! - 0.5), 0, this.size.width);
        const end = clamp(Math.ceil(crossings[pair + 1]! - 0.5), 0, this.size.width);
        this.#fillRow(y * this.size.width, start, end, number, only);
      }
    }
    return this.#touch(rect);
  }

  /** Paints nothing wherever the mask has this number. */
  clear(number: number): Rect {
    for (let cell = 0; cell < this.cells.length; cell++) if (this.cells[cell] === number) this.cells[cell] = 0;
    return this.#touch({ left: 0, top: 0, ...this.size });
  }

  /** Ends a change: the patch that takes it back or makes it again; undefined when no pixel is another than before. */
  commit(): Patch | undefined {
    const rect = this.#touched && this.#changedPart(this.#touched);
    this.#touched = undefined;
    if (!rect) return undefined;
    const patch = { rect, before: this.#runs(this.#committed, rect), after: this.#runs(this.cells, rect) };
    this.#copy(this.cells, this.#committed, rect);
    return patch;
  }

  /** Takes back what was painted since the last commit. */
  rollback(): Rect | undefined {
    const rect = this.#touched;
    this.#touched = undefined;
    if (rect) this.#copy(this.#committed, this.cells, rect);
    return rect;
  }

  /** Puts one side of a patch into the mask. */
  apply({ rect }: Patch, runs: Uint32Array): Rect {
    let run = 0;
    let left = 0;
    for (let y = rect.top; y < rect.top + rect.height; y++) {
      const row = y * this.size.width;
      for (let x = rect.left; x < rect.left + rect.width; ) {
        if (left === 0) {
          left = runs[run]!;
          run += 2;
        }
        const length = Math.min(left, rect.left + rect.width - x);
        this.cells.fill(runs[run - 1]!, row + x, row + x + length);
        x += length;
        left -= length;
      }
    }
    this.#copy(this.cells, this.#committed, rect);
    return rect;
  }

  /** The numbers that are painted anywhere. */
  used(): Set<number> {
    const used = new Set<number>();
    let last = 0;
    for (const number of this.cells) {
      if (number !== last) used.add(number);
      last = number;
    }
    used.delete(0);
    return used;
  }

  #fillRow(row: number, start: number, end: number, number: number, only?: number): void {
    if (only === undefined) {
      this.cells.fill(number, row + start, row + Math.max(end, start));
    } else {
      for (let cell = row + start; cell < row + end; cell++) if (this.cells[cell] === only) this.cells[cell] = number;
    }
  }

  #cut(left: number, top: number, right: number, bottom: number): Rect | undefined {
    const [x, y] = [clamp(Math.floor(left), 0, this.size.width), clamp(Math.floor(top), 0, this.size.height)];
    const width = clamp(Math.ceil(right), 0, this.size.width) - x;
    const height = clamp(Math.ceil(bottom), 0, this.size.height) - y;
    return width > 0 && height > 0 ? { left: x, top: y, width, height } : undefined;
  }

  #touch(rect: Rect): Rect {
    const before = this.#touched ?? rect;
    const left = Math.min(before.left, rect.left);
    const top = Math.min(before.top, rect.top);
    const right = Math.max(before.left + before.width, rect.left + rect.width);
    const bottom = Math.max(before.top + before.height, rect.top + rect.height);
    this.#touched = { left, top, width: right - left, height: bottom - top };
    return rect;
  }

  #changedPart(rect: Rect): Rect | undefined {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let y = rect.top; y < rect.top + rect.height; y++) {
      for (let x = rect.left, cell = y * this.size.width + x; x < rect.left + rect.width; x++, cell++) {
        if (this.cells[cell] === this.#committed[cell]) continue;
        left = Math.min(left, x);
        right = Math.max(right, x);
        top = Math.min(top, y);
        bottom = y;
      }
    }
    return right < left ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
  }

  #runs(cells: Uint16Array, rect: Rect): Uint32Array {
    const runs: number[] = [];
    let count = 0;
    let number = -1;
    for (let y = rect.top; y < rect.top + rect.height; y++) {
      for (let x = rect.left, cell = y * this.size.width + x; x < rect.left + rect.width; x++, cell++) {
        if (cells[cell] === number) {
          count++;
          continue;
        }
        if (count > 0) runs.push(count, number);
        number = cells[cell]!;
        count = 1;
      }
    }
    runs.push(count, number);
    return Uint32Array.from(runs);
  }

  #copy(from: Uint16Array, to: Uint16Array, rect: Rect): void {
    for (let y = rect.top; y < rect.top + rect.height; y++) {
      const start = y * this.size.width + rect.left;
      to.set(from.subarray(start, start + rect.width), start);
    }
  }
}
