/** What a figure of agreement means, in a word. */

import { labelingJobTexts } from "../../../languages/labeling-job";

/** Agreement beyond chance (Fleiss' kappa, Krippendorff's alpha), by the bounds that Krippendorff gives: 0.8 reliable, 0.667 tentative. */
export function beyondChance(value: number): string {
  const words = labelingJobTexts();
  if (value >= 0.8) return words.chanceReliable;
  if (value >= 0.667) return words.chanceTentative;
  return value >= 0.2 ? words.chanceWeak : words.chanceNone;
}

/** How much of what workers drew or marked lies on each other. */
export function closeness(share: number): string {
  const words = labelingJobTexts();
  if (share >= 0.85) return words.veryClose;
  if (share >= 0.65) return words.close;
  return share >= 0.4 ? words.loose : words.apart;
}

/** Below this, a label or a worker is worth a look. */
export const WORTH_A_LOOK = 0.7;
