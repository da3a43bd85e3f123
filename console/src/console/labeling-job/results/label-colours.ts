/** Which colour and pattern stands for which label: those that workers see, by the label's place among the job's labels. */

import { labelColour, labelPattern, patternBackground, inkOn } from "../../../elements/labels";

export interface LabelLook {
  readonly position: number;
  readonly colour: string;
  readonly ink: string;
  /** Colour and pattern, for a swatch. */
  readonly background: string;
  /** Of a line around a shape, so that shapes can be told apart without their colours. */
  readonly dashes: string | undefined;
}

export type LookOf = (label: string) => LabelLook;

const DASHES = [undefined, "8 4", "2 3", "12 3 2 3", "5 5", "14 6", "2 6"];

/** The looks of these labels; a label that is none of them (existing labels may have others) comes after them. */
export function looksOf(labels: readonly string[]): LookOf {
  const positions = new Map(labels.map((label, position) => [label, position]));
  return (label) => {
    let position = positions.get(label);
    if (position === undefined) positions.set(label, (position = positions.size));
    const colour = labelColour(position);
    return {
      position,
      colour,
      ink: inkOn(colour),
      background: patternBackground(colour, labelPattern(position)),
      dashes: DASHES[position % DASHES.length],
    };
  };
}
