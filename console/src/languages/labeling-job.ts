/** The texts of the pages about one labeling job. */

import { de } from "./labeling-job.de";
import { en, type LabelingJobTexts } from "./labeling-job.en";
import { texts } from "./language";

export type { LabelingJobTexts };

/** In the language that is chosen at the time of the call. */
export function labelingJobTexts(): LabelingJobTexts {
  return texts({ en, de });
}
