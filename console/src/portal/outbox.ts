/** Hands in the answers that were submitted and are not known to be accepted: after a crash, or once there is a connection again. */

import { Problem } from "../api/client";
import type { Journal } from "./journal";
import { isPassing, type WorkApi } from "./work-api";

export async function handInWaiting(api: Pick<WorkApi, "answer">, journal: Journal, worker: string): Promise<void> {
  for (const entry of await journal.submitted(worker)) {
    try {
      await api.answer(entry.lease, entry.answer);
    } catch (error) {
      if (isPassing(error)) return;
      if (error instanceof Problem && (error.status === 422 || error.status === 413)) {
        // The worker goes on from it when the task comes back.
        await journal.put({ ...entry, state: "changed" });
        continue;
      }
      // 404 and 409: the object is no longer open for this worker, so nobody needs the answer.
    }
    await journal.remove(entry.worker, entry.job, entry.task);
  }
}
