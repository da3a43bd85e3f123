/** Masks as Ground Truth's elements submit them (pages sms-ui-template-crowd-semantic-segmentation, -instance-segmentation). */

import type { Size } from "./geometry";
import { cellsOf, type Color, colorOf, colorText, decodePicture, encodeMask } from "./mask-png";
import type { Instance } from "./mask-editor";

// The series that Ground Truth's own elements hand out.
const SERIES: readonly Color[] = [0x1f77b4, 0xff7f0e, 0x2ca02c, 0xd62728, 0x9467bd, 0x8c564b, 0xe377c2, 0x7f7f7f, 0xbcbd22, 0x17becf];
const WHITE = 0xffffff;

/** A colour for each number, all different: those given, then Ground Truth's series, then others. `[0]` is unused. */
export function colorsFor(count: number, given: ReadonlyMap<number, Color>): Color[] {
  const taken = new Set<Color>([WHITE, 0, ...given.values()]);
  const free = candidates(taken);
  return Array.from({ length: count + 1 }, (_, number) => (number === 0 ? 0 : (given.get(number) ?? (free.next().value as Color))));
}

function* candidates(taken: ReadonlySet<Color>): Generator<Color> {
  const given = new Set(taken);
  const next = (color: Color) => !given.has(color) && given.add(color);
  for (const color of SERIES) if (next(color)) yield color;
  // Steps of an odd length go through all colours before one comes back.
  for (let color = 0x3c6ef3; ; color = (color + 0x9e3779) & WHITE) if (next(color)) yield color;
}

export interface PaintedMask {
  readonly cells: Uint16Array;
  readonly size: Size;
  /** `[number]`, without 0. */
  readonly colors: readonly Color[];
}

export function semanticAnswer(labels: readonly string[], { cells, size, colors }: PaintedMask, modified: boolean | undefined): Record<string, unknown> {
  return {
    labelMappings: Object.fromEntries(labels.map((label, index) => [label, { color: colorText(colors[index + 1]!) }])),
    ...pictureOf({ cells, size, colors }, modified),
  };
}

/** Instances of which nothing is left in the mask are not in the answer. */
export function instancesAnswer(
  instances: readonly Instance[],
  used: ReadonlySet<number>,
  painted: PaintedMask,
  modified: boolean | undefined,
): Record<string, unknown> {
  const listed = instances.flatMap(({ label }, index) => (used.has(index + 1) ? [{ label, color: colorText(painted.colors[index + 1]!) }] : []));
  return { instances: listed, ...pictureOf(painted, modified) };
}

function pictureOf({ cells, size, colors }: PaintedMask, modified: boolean | undefined): Record<string, unknown> {
  return {
    labeledImage: { pngImageData: encodeMask(cells, size, colors) },
    inputImageProperties: { width: size.width, height: size.height },
    ...(modified === undefined ? {} : { initialValueModified: modified }),
  };
}

/** The label or instance that each number stands for, with its colour. */
export interface Meaning {
  readonly label: string;
  readonly number: number;
  readonly color: Color;
}

/** What an answer or an `initial-value` says of its colours: `labelMappings` by label, or `instances` one after the other. */
export function meaningsOf(kind: "semantic" | "instances", given: unknown, labels: readonly string[]): Meaning[] {
  const fields = (given ?? {}) as { labelMappings?: unknown; instances?: unknown };
  const entries: [unknown, unknown][] =
    kind === "semantic"
      ? Object.entries((fields.labelMappings ?? {}) as object).map(([label, mapping]) => [label, (mapping as { color?: unknown } | null)?.color])
      : (Array.isArray(fields.instances) ? fields.instances : []).map((entry: { label?: unknown; color?: unknown } | null) => [entry?.label, entry?.color]);
  const taken = new Set<Color>();
  const found: Meaning[] = [];
  for (const [label, text] of entries) {
    const color = colorOf(text);
    if (color === undefined || taken.has(color) || typeof label !== "string" || !labels.includes(label)) continue;
    taken.add(color);
    found.push({ label, color, number: kind === "semantic" ? labels.indexOf(label) + 1 : found.length + 1 });
  }
  return found;
}

/** The cells of an answer's PNG; undefined when it cannot be read or is no picture of this size. */
export function cellsOfAnswer(given: unknown, meanings: readonly Meaning[], size: Size): Uint16Array | undefined {
  const data = (given as { labeledImage?: { pngImageData?: unknown } } | null)?.labeledImage?.pngImageData;
  const picture = typeof data === "string" ? decodePicture(data) : undefined;
  if (!picture || picture.width !== size.width || picture.height !== size.height) return undefined;
  return cellsOf(picture.colors, new Map(meanings.map(({ color, number }) => [color, number])));
}
