/** The texts of the console's shell. */

import { texts } from "./language";
import { de } from "./shell.de";
import { en, type ShellTexts } from "./shell.en";

/** In the language that is chosen at the time of the call. */
export function shellTexts(): ShellTexts {
  return texts({ en, de });
}
