/** The texts of the lists of labeling jobs and of built manifests. */

import { texts } from "./language";
import { de } from "./labeling-jobs.de";
import { en, type LabelingJobsTexts } from "./labeling-jobs.en";

/** In the language that is chosen at the time of the call. */
export function labelingJobsTexts(): LabelingJobsTexts {
  return texts({ en, de });
}
