/**
 * The draft behind the wizard: what is on the screen, what the API has of it, and how one becomes the other. It saves by itself a moment after
 * each change. Somebody else's change of the same draft is taken in where it does not touch ours; otherwise it is a conflict, which a person decides.
 */

import { answered, answeredWithEtag, type Api, Problem, type Schemas } from "../../api/client";
import { changedFields, type Definition, definitionOf, type FieldName, mergedDefinition, patchBetween } from "./definition";

const SAVE_AFTER_MS = 800;

export type FoundFault = Schemas["FoundFault"];

/** The draft as the API has it. */
interface Saved {
  readonly definition: Definition;
  readonly etag: string | undefined;
  readonly job: Schemas["LabelingJob"];
}

/** The draft was changed elsewhere in the same fields. */
export interface DraftConflict {
  readonly theirs: Saved;
  readonly fields: readonly FieldName[];
}

export interface DraftState {
  readonly definition: Definition;
  readonly saved: Saved | undefined;
  readonly isSaving: boolean;
  /** What kept the last attempt from being saved. */
  readonly error: unknown;
  readonly conflict: DraftConflict | undefined;
}

export class DraftStore {
  #state: DraftState;
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<boolean> | undefined;
  /** What nobody changed yet, on the screen of a draft that is not saved. */
  readonly #untouched: Definition;

  constructor(
    private readonly api: Api,
    private readonly project: string,
    start: Definition | { readonly job: Schemas["LabelingJob"]; readonly etag: string | undefined },
    /** The job that the draft shall be told to be a clone of. */
    private readonly clonedFrom?: string,
  ) {
    const saved = "job" in start ? { definition: definitionOf(start.job), etag: start.etag, job: start.job } : undefined;
    const definition = saved?.definition ?? (start as Definition);
    this.#untouched = definition;
    this.#state = { definition, saved, isSaving: false, error: undefined, conflict: undefined };
  }

  readonly state = (): DraftState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #set(changes: Partial<DraftState>): void {
    this.#state = { ...this.#state, ...changes };
    for (const listener of this.#listeners) listener();
  }

  /** Whether the API lacks something of what is on the screen. */
  get isUnsaved(): boolean {
    return changedFields(this.#state.saved?.definition ?? this.#untouched, this.#state.definition).length > 0;
  }

  change(changes: Partial<Definition>): void {
    this.#set({ definition: { ...this.#state.definition, ...changes } });
    clearTimeout(this.#timer);
    // A name is saved once it is typed to the end: each one would be a draft of its own.
    if (!("name" in changes)) this.#timer = setTimeout(() => void this.save(), SAVE_AFTER_MS);
  }

  /** Saves what is unsaved now; whether everything is. A draft without a name is not saved. */
  async save(): Promise<boolean> {
    clearTimeout(this.#timer);
    while (this.#running) await this.#running;
    if (this.#state.conflict) return false;
    if (this.#state.definition.name === "") return !this.isUnsaved;
    if (this.#state.saved && !this.isUnsaved) return true;
    this.#running = this.#saveOnce().finally(() => {
      this.#running = undefined;
    });
    return await this.#running;
  }

  async #saveOnce(): Promise<boolean> {
    this.#set({ isSaving: true, error: undefined });
    try {
      // What is typed meanwhile is saved by the next round.
      const { definition, saved } = this.#state;
      if (saved === undefined) await this.#create(definition);
      else if (saved.definition.name !== definition.name) await this.#rename(definition, saved);
      else await this.#patch(definition, saved);
      return !this.#state.conflict;
    } catch (error) {
      this.#set({ error });
      return false;
    } finally {
      this.#set({ isSaving: false });
    }
  }

  async #create(definition: Definition): Promise<void> {
    if (this.clonedFrom === undefined) {
      this.#saved(await this.#created(definition), definition);
      return;
    }
    const path = { project: this.project, name: this.clonedFrom };
    const body = { name: definition.name };
    const { data, etag } = await answeredWithEtag(this.api.POST("/projects/{project}/labeling-jobs/{name}/clone", { params: { path }, body }));
    const clone = { definition: definitionOf(data), etag, job: data };
    this.#set({ saved: clone });
    await this.#patch(definition, clone);
  }

  async #created(definition: Definition): Promise<Saved> {
    const given = Object.fromEntries(Object.entries(definition).filter(([, value]) => value !== null));
    const body = { ...given, draft: true } as Schemas["NewLabelingJob"];
    const params = { path: { project: this.project } };
    const { data, etag } = await answeredWithEtag(this.api.POST("/projects/{project}/labeling-jobs", { params, body }));
    return { definition: definitionOf(data), etag, job: data };
  }

  /** A draft keeps its name, so another one takes its place. */
  async #rename(definition: Definition, saved: Saved): Promise<void> {
    const renamed = await this.#created(definition);
    this.#saved(renamed, definition);
    const params = { path: { project: this.project, name: saved.definition.name }, header: { "If-Match": saved.etag } };
    // Whoever changed the old one meanwhile keeps it.
    await answered(this.api.DELETE("/projects/{project}/labeling-jobs/{name}", { params })).catch((error: unknown) => {
      if (!(error instanceof Problem)) throw error;
    });
  }

  async #patch(definition: Definition, saved: Saved): Promise<void> {
    const body = patchBetween(saved.definition, definition);
    if (Object.keys(body).length === 0) return;
    const params = { path: this.#path(saved), header: { "If-Match": saved.etag } };
    try {
      const { data, etag } = await answeredWithEtag(
        this.api.PATCH("/projects/{project}/labeling-jobs/{name}", { params, body: body as Schemas["LabelingJobPatch"] }),
      );
      this.#saved({ definition: definitionOf(data), etag, job: data }, definition);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 412) throw error;
      await this.#takeIn(saved);
    }
  }

  /** Somebody changed the draft since we read it. */
  async #takeIn(base: Saved): Promise<void> {
    const theirs = await this.#read(base);
    const { merged, conflicts } = mergedDefinition(base.definition, this.#state.definition, theirs.definition);
    if (conflicts.length > 0) {
      this.#set({ conflict: { theirs, fields: conflicts } });
      return;
    }
    this.#set({ saved: theirs, definition: merged });
    await this.#patch(merged, theirs);
  }

  /** Decides a conflict: the fields are as we have them, or as somebody else made them. */
  async resolve(choice: "ours" | "theirs"): Promise<void> {
    const { conflict, saved, definition } = this.#state;
    if (conflict === undefined || saved === undefined) return;
    const { theirs, fields } = conflict;
    const { merged } = mergedDefinition(saved.definition, definition, theirs.definition);
    const decided = choice === "ours" ? merged : { ...merged, ...Object.fromEntries(fields.map((field) => [field, theirs.definition[field]])) };
    this.#set({ conflict: undefined, saved: theirs, definition: decided });
    await this.save();
  }

  /** Saves and submits; false when it could not be saved. Throws what the API refused. */
  async submit(): Promise<boolean> {
    if (!(await this.save()) || this.#state.saved === undefined) return false;
    const { saved } = this.#state;
    const params = { path: this.#path(saved), header: { "If-Match": saved.etag } };
    try {
      await answered(this.api.POST("/projects/{project}/labeling-jobs/{name}/submit", { params }));
    } catch (error) {
      // Nobody submits what somebody else changed without having seen it.
      if (error instanceof Problem && error.status === 412) await this.#takeIn(saved);
      throw error;
    }
    return true;
  }

  /** Keeps the draft when the wizard is left, under a name of its own if it has no good one. Its name; undefined when there is nothing to keep. */
  async leave(): Promise<string | undefined> {
    clearTimeout(this.#timer);
    if (this.#state.saved === undefined && !this.isUnsaved) return undefined;
    if (!(await this.save()) && this.#state.conflict === undefined && this.#mayHaveBadName()) {
      this.#set({ definition: { ...this.#state.definition, name: this.#state.saved?.definition.name ?? nameForNow() } });
      await this.save();
    }
    return this.#state.saved?.definition.name;
  }

  #mayHaveBadName(): boolean {
    const { definition, error } = this.#state;
    return definition.name === "" || (error instanceof Problem && (error.status === 409 || error.status === 422));
  }

  async #read(saved: Saved): Promise<Saved> {
    const { data, etag } = await answeredWithEtag(this.api.GET("/projects/{project}/labeling-jobs/{name}", { params: { path: this.#path(saved) } }));
    return { definition: definitionOf(data), etag, job: data };
  }

  /** The answer to a save. What the API filled in, such as the default of a number that was cleared, is on the screen then too. */
  #saved(saved: Saved, sent: Definition): void {
    const changedSince = changedFields(sent, this.#state.definition);
    const kept = Object.fromEntries(changedSince.map((field) => [field, this.#state.definition[field]]));
    this.#set({ saved, definition: { ...saved.definition, ...kept } });
  }

  #path({ definition }: Saved): { project: string; name: string } {
    return { project: this.project, name: definition.name };
  }

  /** The faults of the definition that the API found in what is on the screen: what was changed since has not been looked at. */
  faults(): readonly FoundFault[] {
    const { saved, definition } = this.#state;
    if (saved === undefined) return [];
    const stale = new Set<string>(changedFields(saved.definition, definition));
    return (saved.job.validation?.faults ?? []).filter(({ pointer }) => !stale.has(pointer?.split("/")[1] ?? ""));
  }
}

function nameForNow(): string {
  return `unnamed-${new Date().toISOString().slice(0, 19).replaceAll(/[T:]/g, "-")}`;
}
