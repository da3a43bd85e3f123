/** What the API refused, in a sentence: what its faults say, or what it says itself, which is English, with what kind of refusal it is. */

import type { Problem } from "../api/client";
import { type Language, language } from "./language";
import { wordsOf } from "./rules";

const KINDS: Readonly<Record<Exclude<Language, "en">, Readonly<Record<number, string>>>> = {
  de: {
    403: "Nicht erlaubt",
    404: "Nicht gefunden",
    409: "Im jetzigen Zustand nicht möglich",
    412: "Inzwischen geändert",
    413: "Zu groß",
    429: "Zu viele Anfragen",
    500: "Fehler in Groundwork",
    503: "Im Moment nicht möglich",
  },
};

export function refusalText({ status, message, faults }: Problem): string {
  if (faults.length > 0) return `${faults.map((fault) => wordsOf(fault).message).join("; ")}.`;
  const chosen = language();
  const kind = chosen === "en" ? undefined : KINDS[chosen][status];
  return kind === undefined ? message : `${kind}: ${message}`;
}
