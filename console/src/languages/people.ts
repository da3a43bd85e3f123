/** The texts of the pages of people and of labeling teams, for administrators, and of the field that names a person. */

import { texts } from "./language";
import { de } from "./people.de";
import { en, type PeopleTexts } from "./people.en";

/** In the language that is chosen at the time of the call. */
export function peopleTexts(): PeopleTexts {
  return texts({ en, de });
}
