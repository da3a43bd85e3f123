/** What pages say of a notification and of its deliveries. */

import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { Schemas } from "../../api/client";
import { notificationTexts } from "../../languages/notifications";

export type Notification = Schemas["Notification"];
export type Delivery = Schemas["Delivery"];
export type EventName = Schemas["EventName"];

export const EVENTS: readonly EventName[] = [
  "Labeling Job Status Changed",
  "Labeling Job Progressed",
  "Labeling Job Stalled",
  "Labeling Job Drafted",
  "Labeling Job Validation Failed",
];

export function eventText(event: EventName): string {
  const words = notificationTexts();
  return {
    "Labeling Job Drafted": words.eventDrafted,
    "Labeling Job Validation Failed": words.eventValidationFailed,
    "Labeling Job Status Changed": words.eventStatusChanged,
    "Labeling Job Progressed": words.eventProgressed,
    "Labeling Job Stalled": words.eventStalled,
  }[event];
}

export function receiverOf({ address, url }: Notification): string {
  return address ?? url ?? "";
}

/** Whether anything is sent now, with the sign for it. */
export function stateOf(notification: Notification): readonly [sign: StatusIndicatorProps.Type, text: string] {
  const words = notificationTexts();
  if (notification.confirmation === "ended") return ["stopped", words.ended];
  if (notification.disabled_at !== null) return ["stopped", words.disabled];
  if (notification.confirmation === "pending") return ["pending", words.pending];
  return ["success", words.active];
}

/** How an attempt ended: what the receiver answered, or why it answered nothing. */
export function outcomeText({ outcome, response_status, failure }: Delivery): string {
  const words = notificationTexts();
  const said = outcome === "delivered" ? words.delivered : words.failed;
  if (response_status !== null) return `${said}: ${words.answered(response_status)}`;
  if (failure === null) return said;
  const reasons = {
    "name-not-resolved": words.failureNameNotResolved,
    "address-refused": words.failureAddressRefused,
    "not-trusted": words.failureNotTrusted,
    timeout: words.failureTimeout,
    "no-answer": words.failureNoAnswer,
    pending: words.failurePending,
    ended: words.failureEnded,
  };
  return `${said}: ${reasons[failure]}`;
}
