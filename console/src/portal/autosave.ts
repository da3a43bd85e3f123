/** Keeps every change of one answer: in the journal at once, as a draft on the server a moment later, again and again until it is there. */

import type { Answer } from "../elements/crowd-form";
import type { Entry, Journal } from "./journal";
import { isPassing, type Lease, type WorkApi } from "./work-api";

/** The server hears of changes at most this often. */
const QUIET_MS = 1_500;
const RETRY_MS = 5_000;

export type SaveState = "saved" | "saving" | "kept here";

export class Autosave {
  /** Hears whether the server has the newest change. */
  onState: (state: SaveState) => void = () => undefined;
  private latest: Answer | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<void> | undefined;
  private isOver = false;

  constructor(
    private readonly api: Pick<WorkApi, "saveDraft">,
    private readonly journal: Journal,
    private readonly worker: string,
    public lease: Lease,
  ) {}

  /** The answer to go on from: this machine's where the server may not have it yet, else the server's. */
  async startingPoint(): Promise<Answer | null> {
    const entry = await this.journal.get(this.worker, this.lease.job, this.lease.task_id);
    if (entry !== undefined && entry.state !== "saved") return entry.answer;
    return (this.lease.draft as Answer | null) ?? entry?.answer ?? null;
  }

  async changed(answer: Answer): Promise<void> {
    if (this.isOver) return;
    this.latest = answer;
    this.onState("saving");
    await this.journal.put(this.entry(answer, "changed"));
    this.sendAfter(QUIET_MS);
  }

  /** The answer is to be handed in: it is kept as such, and no more drafts are sent. */
  async submitted(answer: Answer): Promise<Entry> {
    this.end();
    await this.sending;
    const entry = this.entry(answer, "submitted");
    await this.journal.put(entry);
    return entry;
  }

  /** The answer came back: work on it goes on. */
  async resumed(answer: Answer): Promise<void> {
    this.isOver = false;
    await this.changed(answer);
  }

  /** Nothing of the answer is needed any more. */
  async discard(): Promise<void> {
    this.end();
    await this.sending;
    await this.journal.remove(this.worker, this.lease.job, this.lease.task_id);
  }

  /** Sends nothing more; what is in the journal stays there. */
  end(): void {
    this.isOver = true;
    clearTimeout(this.timer);
  }

  private entry(answer: Answer, state: Entry["state"]): Entry {
    return { worker: this.worker, job: this.lease.job, task: this.lease.task_id, lease: this.lease.lease_id, answer, state, at: Date.now() };
  }

  private sendAfter(pause: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.sending = this.send()), pause);
  }

  private async send(): Promise<void> {
    const answer = this.latest;
    if (answer === undefined || this.isOver) return;
    try {
      await this.api.saveDraft(this.lease.lease_id, answer);
    } catch (error) {
      this.onState("kept here");
      // A draft that the server refuses (too large, the lease over) is in the journal all the same.
      if (isPassing(error) && !this.isOver) this.sendAfter(RETRY_MS);
      return;
    }
    if (this.latest !== answer || this.isOver) return;
    await this.journal.put(this.entry(answer, "saved"));
    this.onState("saved");
  }
}
