/**
 * What a person may do with a labeling job as it is now: by its status, its labeling service and the person's standing. The API decides; this
 * keeps the console from offering what it would refuse (groundwork/access.py, labeling_jobs/steering.py, labeling_jobs/drafting.py).
 */

import type { Standing } from "../shell/console";
import type { LabelingJob } from "./job";

export const ACTIONS = [
  "edit",
  "pause",
  "resume",
  "extend",
  "change-instructions",
  "stop",
  "clone",
  "verify",
  "adjust",
  "consolidate",
  "delete",
] as const;
export type Action = (typeof ACTIONS)[number];

/** Who looks at the job, with what they are in its project. */
export interface Person extends Standing {
  readonly username: string;
}

/** Whose labels a verification or an adjustment can begin with; the one of its own kind is found by the wizard. */
const CHECKABLE = ["BoundingBox", "SemanticSegmentation", "AdjustmentBoundingBox", "AdjustmentSemanticSegmentation"];

export function allowedActions(job: LabelingJob, person: Person): ReadonlySet<Action> {
  const { isMember, isOwner, isManager } = person;
  const isRunning = job.status === "Initializing" || job.status === "InProgress";
  const isFinished = job.status === "Completed" || job.status === "Stopped" || job.status === "Failed";
  const isDraft = job.status === "Draft";
  const canSteer = maySteer(job, person) && isRunning;
  const canCheck = isMember && isFinished && job.output_manifest_uri !== null && CHECKABLE.includes(job.task_type ?? "");
  const rules: Record<Action, boolean> = {
    edit: isMember && isDraft,
    pause: canSteer && !job.paused,
    resume: canSteer && job.paused,
    extend: canSteer,
    "change-instructions": canSteer && job.task_type !== "Custom",
    stop: isRunning && (isManager || isCreator(job, person)),
    clone: isMember,
    verify: canCheck,
    adjust: canCheck,
    consolidate: isManager && isFinished && isOnBuiltIn(job),
    delete: (isOwner || (isCreator(job, person) && isDraft)) && (isFinished || isDraft),
  };
  return new Set(ACTIONS.filter((action) => rules[action]));
}

/** Whether the person may steer the job while it runs, and see the objects that were put aside. */
export function maySteer(job: LabelingJob, person: Person): boolean {
  return isOnBuiltIn(job) && (person.isManager || isCreator(job, person));
}

function isCreator(job: LabelingJob, { isMember, username }: Person): boolean {
  return isMember && username === job.created_by;
}

/** Ground Truth has no operation for what only this service can do. */
export function isOnBuiltIn(job: LabelingJob): boolean {
  return job.labeling_service === "BuiltIn" && isLaunched(job);
}

/** Whether the labeling service has the job, whole or in parts. */
export function isLaunched(job: LabelingJob): boolean {
  return job.labeling_job_arn !== null || job.parts !== null;
}
