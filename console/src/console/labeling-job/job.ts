/** A labeling job as the pages about it read it: afresh while it moves. */

import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { answered, type Schemas } from "../../api/client";
import { useApi } from "../shell/console";
import { isMoving } from "../shell/status";

export type LabelingJob = Schemas["LabelingJob"];
export type Counters = Schemas["Counters"];

/** How often a job that moves is read again. */
const LOOK_AGAIN_MS = 4_000;

/** The first part of the key of every query about a job, so that an action makes all of them stale at once. */
export function jobKey(project: string, name: string): readonly string[] {
  return ["labeling-job", project, name];
}

export function useLabelingJob(project: string, name: string): UseQueryResult<LabelingJob> {
  const api = useApi();
  return useQuery({
    queryKey: jobKey(project, name),
    queryFn: () => answered(api.GET("/projects/{project}/labeling-jobs/{name}", { params: { path: { project, name } } })),
    refetchInterval: ({ state }) => (state.data && isMoving(state.data.status) ? LOOK_AGAIN_MS : false),
  });
}

/** How often to read again what follows a job; false once the job rests. */
export function pace(job: LabelingJob): number | false {
  return isMoving(job.status) ? LOOK_AGAIN_MS : false;
}

/** The path parameters of the job's routes. */
export function pathOf(job: LabelingJob): { readonly project: string; readonly name: string } {
  return { project: job.project, name: job.name };
}

export function labelNames(job: LabelingJob): readonly string[] {
  return job.labels.map((label) => (typeof label === "string" ? label : label.label));
}

/** How many objects have come to an end, with a label or without. */
export function settled({ human_labeled, machine_labeled, failed }: Counters): number {
  return human_labeled + machine_labeled + failed;
}
