/** How much work a labeling job is: numbers that follow from the definition, the data, and how long an answer is taken to last. */

import type { Definition } from "./definition";
import type { InputSize } from "./input-data";

/**
 * Seconds that a worker is taken to need for one answer. Our own assumptions, for people who know the task; the wizard says so and lets them be
 * changed. Verification takes less than drawing, and adjustment lies between the two.
 */
const SECONDS_PER_ANSWER: Readonly<Record<string, number>> = {
  ImageMultiClass: 5,
  ImageMultiClassMultiLabel: 10,
  BoundingBox: 40,
  SemanticSegmentation: 180,
  VerificationBoundingBox: 8,
  VerificationSemanticSegmentation: 10,
  AdjustmentBoundingBox: 25,
  AdjustmentSemanticSegmentation: 90,
  TextMultiClass: 10,
  TextMultiClassMultiLabel: 15,
  NamedEntityRecognition: 60,
  Custom: 60,
};

export function usualSeconds(taskType: string | null): number {
  return SECONDS_PER_ANSWER[taskType ?? ""] ?? SECONDS_PER_ANSWER.Custom!;
}

export interface Estimate {
  /** That people label: without those that have the label already, and as far as the stopping conditions let it come. */
  readonly objects: number;
  readonly answers: number;
  readonly workerHours: number;
  /** If all members of the team work at it at the same time. */
  readonly teamHours: number | undefined;
}

export function estimateOf(definition: Definition, size: InputSize, secondsPerAnswer: number, members: number | null): Estimate {
  const { max_human_labeled_objects, max_percentage_labeled } = definition.stopping_conditions;
  const open = Math.max(size.objects - size.labeled, 0);
  const share = max_percentage_labeled === null ? open : Math.ceil((size.objects * max_percentage_labeled) / 100) - size.labeled;
  const objects = Math.max(Math.min(open, share, max_human_labeled_objects ?? Infinity), 0);
  const answers = objects * (definition.workers_per_object ?? 1);
  const workerHours = (answers * secondsPerAnswer) / 3_600;
  return { objects, answers, workerHours, teamHours: members ? workerHours / members : undefined };
}
