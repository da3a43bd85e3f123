import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../api/client";
import { Autosave } from "./autosave";
import { MemoryJournal } from "./journal";
import type { Lease } from "./work-api";

const LEASE = { lease_id: "l1", job: "cats", task_id: "3", draft: null, expires_at: "", time_limit_seconds: 300, input: {} } as unknown as Lease;
let journal: MemoryJournal;
let sent: unknown[];

beforeEach(() => {
  vi.useFakeTimers();
  journal = new MemoryJournal();
  sent = [];
});
afterEach(() => vi.useRealTimers());

function autosave(saveDraft: (lease: string, answer: unknown) => Promise<void> = async (_, answer) => void sent.push(answer)): Autosave {
  return new Autosave({ saveDraft }, journal, "ann", LEASE);
}

test("every change is in the journal at once, and the last of a burst on the server", async () => {
  const save = autosave();
  await save.changed({ a: 1 });
  await save.changed({ a: 2 });
  expect((await journal.get("ann", "cats", "3"))?.answer).toEqual({ a: 2 });
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(sent).toEqual([{ a: 2 }]);
  expect((await journal.get("ann", "cats", "3"))?.state).toBe("saved");
});

test("work goes on from this machine's answer while the server may not have it, and from the server's otherwise", async () => {
  const save = autosave(() => Promise.reject(new Problem(0, "", "")));
  await save.changed({ a: 1 });
  const server = { ...LEASE, draft: { a: 0 } } as unknown as Lease;
  expect(await new Autosave({ saveDraft: async () => undefined }, journal, "ann", server).startingPoint()).toEqual({ a: 1 });
  await journal.put({ ...(await journal.get("ann", "cats", "3"))!, state: "saved" });
  expect(await new Autosave({ saveDraft: async () => undefined }, journal, "ann", server).startingPoint()).toEqual({ a: 0 });
});

test("a draft that did not arrive is sent again until it does", async () => {
  let isUp = false;
  const states: string[] = [];
  const save = autosave(async (_, answer) => {
    if (!isUp) throw new Problem(0, "", "");
    sent.push(answer);
  });
  save.onState = (state) => states.push(state);
  await save.changed({ a: 1 });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(states).toEqual(["saving", "kept here"]);
  isUp = true;
  await vi.advanceTimersByTimeAsync(6_000);
  expect(sent).toEqual([{ a: 1 }]);
  expect(states.at(-1)).toBe("saved");
});

test("a draft that the server refuses stays on this machine and is not repeated", async () => {
  let calls = 0;
  const save = autosave(async () => {
    calls++;
    throw new Problem(413, "too large", "");
  });
  await save.changed({ a: 1 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(calls).toBe(1);
  expect((await journal.get("ann", "cats", "3"))?.state).toBe("changed");
});

test("a submitted answer waits in the journal, by worker, until it is known to be accepted", async () => {
  const save = autosave();
  await save.changed({ a: 1 });
  await save.submitted({ a: 2 });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(sent).toEqual([]);
  expect((await journal.entries("ann")).map(({ answer, state }) => [answer, state])).toEqual([[{ a: 2 }, "submitted"]]);
  expect(await journal.entries("ben")).toEqual([]);
  await save.discard();
  expect(await journal.entries("ann")).toEqual([]);
});
