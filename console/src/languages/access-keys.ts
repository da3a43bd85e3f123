/** The texts of the page of access keys. */

import { texts } from "./language";
import { de } from "./access-keys.de";
import { type AccessKeyTexts, en } from "./access-keys.en";

/** In the language that is chosen at the time of the call. */
export function accessKeyTexts(): AccessKeyTexts {
  return texts({ en, de });
}
