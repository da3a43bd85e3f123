/** The texts of the pages of projects: the list of them, members, data locations and labeling teams to choose from. */

import { texts } from "./language";
import { de } from "./projects.de";
import { en, type ProjectTexts } from "./projects.en";

/** In the language that is chosen at the time of the call. */
export function projectTexts(): ProjectTexts {
  return texts({ en, de });
}
