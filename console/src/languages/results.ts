/** The texts of a labeling job's results. */

import { texts } from "./language";
import { de } from "./results.de";
import { en, type ResultTexts } from "./results.en";

/** In the language that is chosen at the time of the call. */
export function resultTexts(): ResultTexts {
  return texts({ en, de });
}
