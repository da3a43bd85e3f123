/** Numbers, dates and problems in the reader's language. */

import { Problem } from "../api/client";
import { language } from "../languages/language";
import { portalTexts } from "../languages/portal";
import { refusalText } from "../languages/refusals";

export function count(number: number): string {
  return new Intl.NumberFormat(language()).format(number);
}

export function moment(timestamp: string): string {
  return new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(timestamp));
}

/** Minutes and seconds, as a clock shows them. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export function problemText(error: unknown): string {
  if (!(error instanceof Problem) || error.status === 0) return portalTexts().notReached;
  return refusalText(error);
}
