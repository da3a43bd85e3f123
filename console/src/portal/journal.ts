/** What a worker has of unfinished answers, on this machine: every change is here before it is on its way to the server.
 *
 * Entries are by worker, job and task, so they outlive a lease: who gets the same task again goes on where the work was.
 */

import type { Answer } from "../elements/crowd-form";

export interface Entry {
  readonly worker: string;
  readonly job: string;
  readonly task: string;
  readonly lease: string;
  readonly answer: Answer;
  /**
   * `changed`: newer than what the server has; `saved`: the server has it; `submitted`: to be handed in, and not known to be accepted;
   * `refused`: handed in and not taken, kept so that nobody's strokes are gone.
   */
  readonly state: "changed" | "saved" | "submitted" | "refused";
  /** Why a refused answer was not taken, in the API's words. */
  readonly reason?: string;
  readonly at: number;
}

export interface Journal {
  put(entry: Entry): Promise<void>;
  get(worker: string, job: string, task: string): Promise<Entry | undefined>;
  remove(worker: string, job: string, task: string): Promise<void>;
  /** All of this worker, newest first. */
  entries(worker: string): Promise<Entry[]>;
}

const STORE = "answers";
const KEPT_MS = 30 * 24 * 3600 * 1000;

/** The journal in IndexedDB; one in memory where the browser has none (a private window of some browsers). */
export async function openJournal(now: number): Promise<Journal> {
  try {
    const database = await opened();
    await forgetOld(database, now - KEPT_MS);
    return new StoredJournal(database);
  } catch {
    return new MemoryJournal();
  }
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open("groundwork-work", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: ["worker", "job", "task"] });
  return done(request);
}

function done<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("The journal cannot be read."));
  });
}

async function forgetOld(database: IDBDatabase, before: number): Promise<void> {
  const store = database.transaction(STORE, "readwrite").objectStore(STORE);
  for (const entry of await done(store.getAll() as IDBRequest<Entry[]>)) {
    if (entry.at < before) store.delete([entry.worker, entry.job, entry.task]);
  }
}

class StoredJournal implements Journal {
  constructor(private readonly database: IDBDatabase) {}

  async put(entry: Entry): Promise<void> {
    await done(this.store("readwrite").put(entry));
  }

  async get(worker: string, job: string, task: string): Promise<Entry | undefined> {
    return (await done(this.store("readonly").get([worker, job, task]))) as Entry | undefined;
  }

  async remove(worker: string, job: string, task: string): Promise<void> {
    await done(this.store("readwrite").delete([worker, job, task]));
  }

  async entries(worker: string): Promise<Entry[]> {
    const mine = IDBKeyRange.bound([worker], [worker, []]);
    return newestFirst(await done(this.store("readonly").getAll(mine) as IDBRequest<Entry[]>));
  }

  private store(mode: IDBTransactionMode): IDBObjectStore {
    return this.database.transaction(STORE, mode).objectStore(STORE);
  }
}

export class MemoryJournal implements Journal {
  private readonly kept = new Map<string, Entry>();

  async put(entry: Entry): Promise<void> {
    this.kept.set(key(entry.worker, entry.job, entry.task), entry);
  }

  async get(worker: string, job: string, task: string): Promise<Entry | undefined> {
    return this.kept.get(key(worker, job, task));
  }

  async remove(worker: string, job: string, task: string): Promise<void> {
    this.kept.delete(key(worker, job, task));
  }

  async entries(worker: string): Promise<Entry[]> {
    return newestFirst([...this.kept.values()].filter((entry) => entry.worker === worker));
  }
}

function newestFirst(entries: Entry[]): Entry[] {
  return entries.sort((one, other) => other.at - one.at);
}

function key(...parts: string[]): string {
  return JSON.stringify(parts);
}
