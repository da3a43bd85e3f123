/** Marks on a text: which there are, how they lie over each other, and their offsets in an answer.
 *
 * Positions within the page are those of JavaScript strings (UTF-16 code units); offsets in answers count code points, as
 * docs/consolidation.md says. Only here one becomes the other.
 */

import { isRecord } from "./attributes";

/** A marked range, in UTF-16 code units, end exclusive. */
export interface Mark {
  readonly label: string;
  readonly start: number;
  readonly end: number;
}

export interface Entity {
  readonly label: string;
  readonly startOffset: number;
  readonly endOffset: number;
}

/** Turns positions of one text into offsets and back. */
export class TextOffsets {
  /** The position of each code point, and behind them the text's length. */
  private readonly positions: number[] = [];

  constructor(readonly text: string) {
    let position = 0;
    for (const character of text) {
      this.positions.push(position);
      position += character.length;
    }
    this.positions.push(position);
  }

  /** How many code points stand before a position; a position within a character counts as its beginning. */
  offsetOf(position: number): number {
    let low = 0;
    let high = this.positions.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.positions[middle]! <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The position of the code point at an offset; undefined for an offset that the text does not have. */
  positionOf(offset: number): number | undefined {
    return Number.isInteger(offset) ? this.positions[offset] : undefined;
  }

  /** The range without space at its ends, widened to whole characters; undefined when nothing is left. */
  trimmed(from: number, to: number): { start: number; end: number } | undefined {
    let start = this.positions[this.offsetOf(Math.min(from, to))]!;
    const last = Math.max(from, to);
    const offset = this.offsetOf(last);
    let end = this.positions[offset] === last ? last : this.positions[offset + 1]!;
    while (start < end && /\s/.test(this.text[start]!)) start++;
    while (end > start && /\s/.test(this.text[end - 1]!)) end--;
    return start < end ? { start, end } : undefined;
  }
}

/** Marks in the order of the text; those that begin together, the longer first. */
export function inOrder(marks: readonly Mark[]): Mark[] {
  return [...marks].sort((one, other) => one.start - other.start || other.end - one.end || one.label.localeCompare(other.label));
}

export function entitiesOf(marks: readonly Mark[], offsets: TextOffsets): Entity[] {
  return inOrder(marks).map(({ label, start, end }) => ({ label, startOffset: offsets.offsetOf(start), endOffset: offsets.offsetOf(end) }));
}

/** The marks that a list of entities means; entries that do not fit the text or the labels are left out, repetitions too. */
export function marksOf(entities: unknown, offsets: TextOffsets, labels: ReadonlySet<string>): Mark[] {
  const marks: Mark[] = [];
  for (const entity of Array.isArray(entities) ? entities : []) {
    if (!isRecord(entity) || typeof entity.label !== "string" || !labels.has(entity.label)) continue;
    const start = offsets.positionOf(entity.startOffset as number);
    const end = offsets.positionOf(entity.endOffset as number);
    if (start === undefined || end === undefined || start >= end) continue;
    const mark = { label: entity.label, start, end };
    if (!marks.some((other) => isSame(other, mark))) marks.push(mark);
  }
  return inOrder(marks);
}

export function isSame(one: Mark, other: Mark): boolean {
  return one.label === other.label && one.start === other.start && one.end === other.end;
}

/** A piece of the text under the same marks from end to end. */
export interface Segment {
  readonly start: number;
  readonly text: string;
  /** The marks over it, each with the lane that its line is drawn in: no two that overlap share one. */
  readonly marks: readonly { readonly mark: Mark; readonly lane: number }[];
}

/** The text cut wherever a mark begins or ends. */
export function segments(text: string, marks: readonly Mark[]): Segment[] {
  const ordered = inOrder(marks);
  const laneEnds: number[] = [];
  const laned = ordered.map((mark) => {
    const free = laneEnds.findIndex((end) => end <= mark.start);
    const lane = free === -1 ? laneEnds.length : free;
    laneEnds[lane] = mark.end;
    return { mark, lane };
  });
  const cuts = [...new Set([0, text.length, ...ordered.flatMap(({ start, end }) => [start, end])])].sort((one, other) => one - other);
  const pieces: Segment[] = [];
  for (let index = 0; index + 1 < cuts.length; index++) {
    const [start, end] = [cuts[index]!, cuts[index + 1]!];
    pieces.push({ start, text: text.slice(start, end), marks: laned.filter(({ mark }) => mark.start <= start && mark.end >= end) });
  }
  return pieces;
}
