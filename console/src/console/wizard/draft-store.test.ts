import { expect, test, vi } from "vitest";
import type { Api } from "../../api/client";
import { BLANK, type Definition, definitionFrom, patchBetween } from "./definition";
import { DraftStore } from "./draft-store";

/** The API's part in drafts: they have names and versions, and a change names the version it was made of. */
class Drafts {
  readonly jobs = new Map<string, { definition: Definition; version: number; faults: unknown[] }>();
  readonly patches: unknown[] = [];

  constructor(private readonly withDefaults: (definition: Definition) => Definition = (definition) => definition) {}

  readonly api = {
    POST: (path: string, { params, body }: { params: { path: { name?: string } }; body: Record<string, unknown> }) => {
      const like = path.endsWith("/clone") ? this.jobs.get(params.path.name!)!.definition : BLANK;
      return this.#create({ ...like, ...body } as Definition);
    },
    PATCH: (_: string, { params, body }: { params: { path: { name: string }; header: { "If-Match": string } }; body: Partial<Definition> }) => {
      const job = this.jobs.get(params.path.name)!;
      if (params.header["If-Match"] !== String(job.version)) return answer(412, { title: "Precondition failed" });
      this.patches.push(body);
      this.change(params.path.name, body);
      return this.#shown(params.path.name, 200);
    },
    GET: (_: string, { params }: { params: { path: { name: string } } }) => this.#shown(params.path.name, 200),
    DELETE: (_: string, { params }: { params: { path: { name: string } } }) => {
      this.jobs.delete(params.path.name);
      return answer(204);
    },
  } as unknown as Api;

  change(name: string, changes: Partial<Definition>): void {
    const job = this.jobs.get(name)!;
    this.jobs.set(name, { ...job, definition: this.withDefaults({ ...job.definition, ...changes }), version: job.version + 1 });
  }

  #create(definition: Definition): Promise<unknown> {
    if (this.jobs.has(definition.name)) return answer(409, { title: "Conflict", detail: "The name is taken." });
    this.jobs.set(definition.name, { definition: this.withDefaults(definition), version: 1, faults: [] });
    return this.#shown(definition.name, 201);
  }

  #shown(name: string, status: number): Promise<unknown> {
    const job = this.jobs.get(name)!;
    return answer(status, { ...job.definition, status: "Draft", version: job.version, validation: { faults: job.faults } }, String(job.version));
  }
}

function answer(status: number, body?: unknown, etag = ""): Promise<unknown> {
  const response = { ok: status < 400, status, statusText: "", headers: new Headers(etag === "" ? {} : { ETag: etag }) };
  return Promise.resolve(status < 400 ? { data: body, response } : { error: body, response });
}

async function named(drafts: Drafts, name: string): Promise<DraftStore> {
  const store = new DraftStore(drafts.api, "pets", BLANK);
  store.change({ name });
  await store.save();
  return store;
}

test("a draft is made once it has a name, and saves by itself what changes after that", async () => {
  vi.useFakeTimers();
  const drafts = new Drafts();
  const store = await named(drafts, "cats");
  store.change({ labels: ["cat", "dog"] });
  store.change({ description: "Which?" });
  expect(store.isUnsaved).toBe(true);
  await vi.runAllTimersAsync();
  expect(drafts.patches).toEqual([{ labels: ["cat", "dog"], description: "Which?" }]);
  expect(store.isUnsaved).toBe(false);
  vi.useRealTimers();
});

test("another name makes another draft and leaves none behind", async () => {
  const drafts = new Drafts();
  const store = await named(drafts, "cats");
  store.change({ name: "dogs", description: "Which?" });
  await store.save();
  expect([...drafts.jobs.keys()]).toEqual(["dogs"]);
  expect(drafts.jobs.get("dogs")!.definition.description).toBe("Which?");
});

test("a name that is taken leaves the draft as it was", async () => {
  const drafts = new Drafts();
  await named(drafts, "taken");
  const store = await named(drafts, "cats");
  store.change({ name: "taken" });
  expect(await store.save()).toBe(false);
  expect(store.state().error).toMatchObject({ status: 409 });
  expect([...drafts.jobs.keys()].sort()).toEqual(["cats", "taken"]);
});

test("somebody else's change is taken in where it does not touch ours", async () => {
  const drafts = new Drafts();
  const store = await named(drafts, "cats");
  drafts.change("cats", { labeling_team: "vets" });
  store.change({ description: "Which?" });
  expect(await store.save()).toBe(true);
  expect(store.state().definition).toMatchObject({ labeling_team: "vets", description: "Which?" });
  expect(drafts.jobs.get("cats")!.definition).toMatchObject({ labeling_team: "vets", description: "Which?" });
});

test.each([["ours", "Mine"], ["theirs", "Theirs"]] as const)("a change of the same field is a conflict, decided for %s", async (choice, kept) => {
  const drafts = new Drafts();
  const store = await named(drafts, "cats");
  drafts.change("cats", { description: "Theirs", labeling_team: "vets" });
  store.change({ description: "Mine", split: true });
  expect(await store.save()).toBe(false);
  expect(store.state().conflict?.fields).toEqual(["description"]);
  await store.resolve(choice);
  expect(drafts.jobs.get("cats")!.definition).toMatchObject({ description: kept, labeling_team: "vets", split: true });
  expect(store.state().definition).toMatchObject({ description: kept, labeling_team: "vets", split: true });
});

test("a number that is cleared takes the default, and is saved then", async () => {
  const drafts = new Drafts((definition) => ({ ...definition, workers_per_object: definition.workers_per_object ?? 1 }));
  const store = await named(drafts, "cats");
  store.change({ workers_per_object: null });
  expect(await store.save()).toBe(true);
  expect(store.state().definition.workers_per_object).toBe(1);
  expect(store.isUnsaved).toBe(false);
});

test("leaving keeps what has no name yet, and nothing where nothing was done", async () => {
  const drafts = new Drafts();
  expect(await new DraftStore(drafts.api, "pets", BLANK).leave()).toBeUndefined();
  const store = new DraftStore(drafts.api, "pets", BLANK);
  store.change({ description: "Which?" });
  const name = await store.leave();
  expect(name).toMatch(/^unnamed-/);
  expect(drafts.jobs.get(name!)!.definition.description).toBe("Which?");
});

test("a clone is made of its source, and then has our changes", async () => {
  const drafts = new Drafts();
  drafts.jobs.set("old", { definition: { ...BLANK, name: "old", labels: ["a", "b"] }, version: 3, faults: [] });
  const store = new DraftStore(drafts.api, "pets", { ...BLANK, labels: ["a", "b"] }, "old");
  store.change({ name: "new", description: "Again" });
  expect(await store.save()).toBe(true);
  expect(drafts.jobs.get("new")!.definition).toMatchObject({ labels: ["a", "b"], description: "Again" });
});

test("faults of fields that have changed since are not shown", async () => {
  const drafts = new Drafts();
  const store = await named(drafts, "cats");
  drafts.jobs.get("cats")!.faults.push({ pointer: "/labels/0", code: "job.label-empty", severity: "error", message: "", remedy: "" });
  store.change({ split: true });
  await store.save();
  expect(store.faults()).toHaveLength(1);
  store.change({ labels: ["cat"] });
  expect(store.faults()).toEqual([]);
});

test("tags that are gone are removed by the patch", () => {
  expect(patchBetween({ ...BLANK, tags: { a: "1", b: "2" } }, { ...BLANK, tags: { b: "3" } })).toEqual({ tags: { a: null, b: "3" } });
});

test("a job that adjusts starts from the labels of its source, one that verifies has verdicts of its own", () => {
  const source = { ...BLANK, name: "boxes", task_type: "BoundingBox", labels: ["cat"], labeling_team: "vets", output_manifest_uri: "s3://b/out.manifest" };
  const from = (purpose: "verify" | "adjust", changes = {}): Definition | undefined => definitionFrom({ ...source, ...changes } as never, purpose, []);
  expect(from("adjust")).toMatchObject({
    task_type: "AdjustmentBoundingBox",
    input_manifest_uri: "s3://b/out.manifest",
    existing_label_attribute: "boxes",
    labels: ["cat"],
  });
  expect(from("verify", { task_type: "AdjustmentBoundingBox" })).toMatchObject({ task_type: "VerificationBoundingBox", labels: [] });
  expect(from("verify", { task_type: "ImageMultiClass" })).toBeUndefined();
});
