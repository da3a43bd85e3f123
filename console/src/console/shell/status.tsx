/** A labeling job's status as people read it. */

import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { shellTexts } from "../../languages/shell";

export type JobStatus = Schemas["Status"];

export const STATUSES: readonly JobStatus[] = [
  "Draft",
  "Validating",
  "Launching",
  "Initializing",
  "InProgress",
  "Completed",
  "Failed",
  "Stopping",
  "Stopped",
];

const SIGNS: Record<JobStatus, StatusIndicatorProps.Type> = {
  Draft: "pending",
  Validating: "loading",
  Launching: "loading",
  Initializing: "loading",
  InProgress: "in-progress",
  Completed: "success",
  Failed: "error",
  Stopping: "loading",
  Stopped: "stopped",
};

export function statusText(status: JobStatus): string {
  return shellTexts()[`status${status}`];
}

export function Status({ status }: { readonly status: JobStatus }): ReactNode {
  return <StatusIndicator type={SIGNS[status]}>{statusText(status)}</StatusIndicator>;
}

/** Whether the status changes by itself before long, so that a page looks again every few seconds. */
export function isMoving(status: JobStatus): boolean {
  return ["Validating", "Launching", "Initializing", "InProgress", "Stopping"].includes(status);
}
