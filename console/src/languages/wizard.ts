/** The texts of the wizard that makes labeling jobs, its data browser and its editor of instructions. */

import { texts } from "./language";
import { de } from "./wizard.de";
import { en, type WizardTexts } from "./wizard.en";

/** In the language that is chosen at the time of the call. */
export function wizardTexts(): WizardTexts {
  return texts({ en, de });
}
