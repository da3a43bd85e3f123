/** What passes between a worker page's frame and the page around it. Each side takes only messages of the other's window and of these shapes. */

import { isRecord } from "../elements/attributes";
import type { Answer } from "../elements/crowd-form";
import { LANGUAGES, type Language } from "../languages/language";

/** To the frame: the worker page it shall show, and the draft to go on from. */
export interface ShowPage {
  readonly kind: "show";
  readonly html: string;
  readonly draft: Answer | null;
  readonly language: Language;
}

/** To the frame that shows a page: the worker has chosen another language. */
export interface SpeakLanguage {
  readonly kind: "language";
  readonly language: Language;
}

/** From the frame. `faults` is what keeps the answer from being submitted. */
export type FrameMessage =
  | { readonly kind: "blank" }
  | { readonly kind: "ready"; readonly answer: Answer; readonly faults: readonly string[] }
  | { readonly kind: "changed"; readonly answer: Answer; readonly faults: readonly string[] }
  | { readonly kind: "submitted"; readonly answer: Answer }
  | { readonly kind: "active" }
  | { readonly kind: "broken"; readonly reason: string };

export function isShowPage(data: unknown): data is ShowPage {
  return (
    isRecord(data) &&
    data.kind === "show" &&
    typeof data.html === "string" &&
    (data.draft === null || isRecord(data.draft)) &&
    LANGUAGES.includes(data.language as Language)
  );
}

export function isSpeakLanguage(data: unknown): data is SpeakLanguage {
  return isRecord(data) && data.kind === "language" && LANGUAGES.includes(data.language as Language);
}

export function isFrameMessage(data: unknown): data is FrameMessage {
  if (!isRecord(data)) return false;
  switch (data.kind) {
    case "blank":
    case "active":
      return true;
    case "ready":
    case "changed":
      return isRecord(data.answer) && Array.isArray(data.faults) && data.faults.every((fault) => typeof fault === "string");
    case "submitted":
      return isRecord(data.answer);
    case "broken":
      return typeof data.reason === "string";
    default:
      return false;
  }
}
