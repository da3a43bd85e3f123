/** The texts of worker elements. */

import { de } from "./elements.de";
import { en, type ElementTexts } from "./elements.en";
import { texts } from "./language";

/** In the language that is chosen at the time of the call. */
export function elementTexts(): ElementTexts {
  return texts({ en, de });
}
