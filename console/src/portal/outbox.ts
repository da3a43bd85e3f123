/** Hands in what was submitted. An answer leaves the journal only when the API has accepted it; one that it refuses stays, with the reason. */

import { Problem } from "../api/client";
import type { Entry, Journal } from "./journal";
import { isPassing, type WorkApi } from "./work-api";
import { problemText } from "./words";

/** What became of an answer: accepted; not needed any more; to be mended by the worker; or nothing yet, since it did not arrive. */
export type Outcome =
  | { readonly kind: "accepted" }
  | { readonly kind: "late" | "faulty" | "refused"; readonly reason: string }
  | { readonly kind: "waiting"; readonly problem: unknown };

/** The reasons for which the API never takes an answer, whatever is sent (docs/validation-rules.md). */
const FINAL = ["answer.too-late", "answer.other-accepted"];

/** Sends one submitted answer, and notes in the journal what became of it. */
export async function handIn(api: Pick<WorkApi, "answer">, journal: Journal, entry: Entry): Promise<Outcome> {
  try {
    await api.answer(entry.lease, entry.answer);
  } catch (error) {
    if (!(error instanceof Problem) || mayYetBeTaken(error)) return { kind: "waiting", problem: error };
    const reason = problemText(error);
    if (error.status === 422 || error.status === 413) {
      // The worker goes on from it.
      await journal.put({ ...entry, state: "changed" });
      return { kind: "faulty", reason };
    }
    await journal.put({ ...entry, state: "refused", reason });
    return { kind: error.status === 409 ? "late" : "refused", reason };
  }
  await journal.remove(entry.worker, entry.job, entry.task);
  return { kind: "accepted" };
}

/** Hands in what waits: after a crash, or once there is a connection again. */
export async function handInWaiting(api: Pick<WorkApi, "answer">, journal: Journal, worker: string): Promise<void> {
  for (const entry of await journal.entries(worker)) {
    if (entry.state === "submitted") await handIn(api, journal, entry);
  }
}

/** A conflict is final only where the API says so: it also answers so when many write at once, or while the same answer is being taken. */
function mayYetBeTaken(problem: Problem): boolean {
  return problem.status === 409 ? !problem.faults.some(({ code }) => FINAL.includes(code)) : isPassing(problem);
}
