import { beforeEach, expect, test } from "vitest";
import { Problem, type Fault } from "../api/client";
import { type Entry, MemoryJournal } from "./journal";
import { handIn, handInWaiting } from "./outbox";

const ENTRY: Entry = { worker: "ann", job: "cats", task: "3", lease: "l1", answer: { a: 1 }, state: "submitted", at: 1 };
let journal: MemoryJournal;

beforeEach(async () => {
  journal = new MemoryJournal();
  await journal.put(ENTRY);
});

function refusing(status: number, code?: string) {
  const faults = code === undefined ? [] : [{ code, message: "Because" } as Fault];
  return { answer: () => Promise.reject(new Problem(status, "", "No.", faults)) };
}

async function states(): Promise<string[]> {
  return (await journal.entries("ann")).map(({ state }) => state);
}

test("an answer leaves this machine once the API has accepted it", async () => {
  expect(await handIn({ answer: async () => undefined }, journal, ENTRY)).toEqual({ kind: "accepted" });
  expect(await states()).toEqual([]);
});

test.each([
  ["nothing was reached", 0, undefined],
  ["the session has ended", 401, undefined],
  ["there are too many requests", 429, undefined],
  ["something broke", 500, undefined],
  ["many write at once", 409, undefined],
])("an answer waits to be sent again when %s", async (_, status, code) => {
  expect(await handIn(refusing(status, code), journal, ENTRY)).toMatchObject({ kind: "waiting" });
  expect(await states()).toEqual(["submitted"]);
});

test.each([
  ["others finished its object", 409, "answer.too-late", { kind: "late", reason: "Because." }],
  ["another one was accepted", 409, "answer.other-accepted", { kind: "late", reason: "Because." }],
  ["the worker may not answer", 403, undefined, { kind: "refused", reason: "No." }],
  ["the lease is another one by now", 404, undefined, { kind: "refused", reason: "No." }],
])("an answer stays on this machine, with the reason, when %s", async (_, status, code, outcome) => {
  expect(await handIn(refusing(status, code), journal, ENTRY)).toEqual(outcome);
  expect(await journal.entries("ann")).toMatchObject([{ state: "refused", answer: { a: 1 } }]);
});

test("an answer with faults is the worker's to go on from", async () => {
  expect(await handIn(refusing(422), journal, ENTRY)).toMatchObject({ kind: "faulty" });
  expect(await states()).toEqual(["changed"]);
});

test("all that waits is handed in, also behind one that cannot be taken yet", async () => {
  await journal.put({ ...ENTRY, task: "4", lease: "l2", at: 0 });
  const api = { answer: (lease: string) => (lease === "l1" ? Promise.reject(new Problem(409, "", "")) : Promise.resolve()) };
  await handInWaiting(api, journal, "ann");
  expect((await journal.entries("ann")).map(({ task }) => task)).toEqual(["3"]);
});
