/** One task of a labeling job after another: the worker page in its frame, the lease and its time, every change kept.
 *
 * A worker holds one lease in a job, so the next one is taken when an answer is accepted (docs/decisions/0085); the frame it will stand in,
 * with all elements, is prepared while the worker works.
 */

import { html, nothing, type TemplateResult } from "lit";
import type { Answer } from "../elements/crowd-form";
import type { FrameMessage } from "../frame/messages";
import { WorkerFrame } from "../frame/worker-frame";
import { portalTexts } from "../languages/portal";
import { Autosave, type SaveState } from "./autosave";
import type { Journal } from "./journal";
import { LightElement } from "./light-element";
import { handIn, handInWaiting } from "./outbox";
import { isPassing, isUnreached, type Lease, type WorkApi } from "./work-api";
import { clock, count, problemText } from "./words";

const LOOK_AGAIN_MS = 10_000;
const HAND_IN_AGAIN_MS = 3_000;
/** How long before the end a worker who does nothing is asked. */
const ASK_BEFORE_MS = 60_000;

type Phase = "loading" | "working" | "submitting" | "nothing" | "elsewhere" | "broken" | "failed";

export class TaskPage extends LightElement {
  static override properties = {
    phase: { state: true },
    saveState: { state: true },
    remaining: { state: true },
    isOffline: { state: true },
    notice: { state: true },
    withOthers: { state: true },
    problem: { state: true },
  };

  api!: WorkApi;
  journal!: Journal;
  worker!: string;
  job!: string;

  declare phase: Phase;
  declare saveState: SaveState | undefined;
  /** Milliseconds until the lease ends. */
  declare remaining: number;
  declare isOffline: boolean;
  declare notice: string;
  declare withOthers: number;
  declare problem: unknown;

  private lease: Lease | undefined;
  private autosave: Autosave | undefined;
  private frame: WorkerFrame | undefined;
  private spare: WorkerFrame | undefined;
  private deadline = 0;
  private lastActive = 0;
  private lastRenewal = 0;
  private ticker: ReturnType<typeof setInterval> | undefined;
  private lookAgain: ReturnType<typeof setTimeout> | undefined;
  private endLock: () => void = () => undefined;
  private isGone = false;
  private readonly onOnline = (): void => void (this.isOffline = false);
  private readonly onOffline = (): void => void (this.isOffline = true);

  override connectedCallback(): void {
    super.connectedCallback();
    this.phase = "loading";
    this.isOffline = !navigator.onLine;
    this.notice = "";
    this.ticker = setInterval(() => this.tick(), 1000);
    window.addEventListener("online", this.onOnline);
    window.addEventListener("offline", this.onOffline);
    void this.holdJob({ ifAvailable: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.isGone = true;
    clearInterval(this.ticker);
    clearTimeout(this.lookAgain);
    window.removeEventListener("online", this.onOnline);
    window.removeEventListener("offline", this.onOffline);
    this.autosave?.end();
    this.frame?.remove();
    this.spare?.remove();
    this.endLock();
  }

  /** Two windows of one worker would write over each other: one works on a job, and the other says so. */
  private async holdJob(options: LockOptions): Promise<void> {
    const name = `groundwork.work.${this.worker}.${this.job}`;
    try {
      await navigator.locks.request(name, options, async (lock) => {
        if (lock === null) {
          this.phase = "elsewhere";
          return;
        }
        const over = new Promise<void>((resolve) => (this.endLock = resolve));
        void this.begin();
        await over;
      });
    } catch {
      // The other window took the job over. What was done here is in the journal, which that window goes on from.
      this.putAway();
      this.phase = "elsewhere";
    }
  }

  /** Whether this page is no longer where the work on the job is done. */
  private get isAway(): boolean {
    return this.isGone || this.phase === "elsewhere";
  }

  private putAway(): void {
    clearTimeout(this.lookAgain);
    this.autosave?.end();
    this.frame?.remove();
    this.spare?.remove();
    this.autosave = this.frame = this.spare = this.lease = undefined;
  }

  private async begin(): Promise<void> {
    this.spare ??= this.placed(new WorkerFrame(portalTexts().taskFrame, false));
    await handInWaiting(this.api, this.journal, this.worker);
    await this.next();
  }

  // --- one task after another ------------------------------------------------------------------------------------------

  private async next(): Promise<void> {
    clearTimeout(this.lookAgain);
    this.phase = this.phase === "submitting" ? "submitting" : "loading";
    try {
      const next = await this.api.takeLease(this.job);
      if (this.isAway) return;
      if ("lease" in next) await this.open(next.lease);
      else this.showNothing(next.withOthers);
    } catch (error) {
      this.fail(error);
    }
  }

  private showNothing(withOthers: number): void {
    this.removeFrame();
    this.lease = undefined;
    this.withOthers = withOthers;
    this.phase = "nothing";
    this.lookAgain = setTimeout(() => void this.next(), LOOK_AGAIN_MS);
  }

  private async open(lease: Lease): Promise<void> {
    this.take(lease);
    const autosave = new Autosave(this.api, this.journal, this.worker, lease);
    autosave.onState = (state) => (this.saveState = state);
    this.autosave?.end();
    this.autosave = autosave;
    this.saveState = undefined;
    const [page, draft] = await Promise.all([this.api.page(lease.lease_id), autosave.startingPoint()]);
    if (this.isGone || this.autosave !== autosave) return;
    const frame = WorkerFrame.for(page, portalTexts().taskFrame, this.spare);
    this.spare = undefined;
    this.placed(frame);
    frame.onMessage = (message) => this.hear(frame, message);
    await frame.show(page, draft);
  }

  /** Notes the lease's end by this machine's clock: never later than its full time from now, however the clocks differ. */
  private take(lease: Lease): void {
    const now = Date.now();
    this.lease = lease;
    this.deadline = Math.min(Date.parse(lease.expires_at), now + lease.time_limit_seconds * 1000);
    this.lastActive = this.lastRenewal = now;
    this.tick();
  }

  private hear(frame: WorkerFrame, message: FrameMessage): void {
    switch (message.kind) {
      case "ready":
        this.reveal(frame);
        break;
      case "changed":
        this.lastActive = Date.now();
        if (this.phase === "working") void this.autosave?.changed(message.answer).catch((error: unknown) => (this.problem = error));
        break;
      case "active":
        this.lastActive = Date.now();
        break;
      case "submitted":
        void this.submit(message.answer);
        break;
      case "broken":
        this.reveal(frame);
        this.phase = "broken";
        break;
    }
  }

  private reveal(frame: WorkerFrame): void {
    if (this.frame !== frame) this.frame?.remove();
    this.frame = frame;
    frame.element.classList.add("shown");
    this.phase = "working";
    this.problem = undefined;
    frame.element.focus();
    this.spare = this.placed(new WorkerFrame(portalTexts().taskFrame, frame.forScripts));
  }

  /** The frame in its place. Frames are never moved, since moving one loads it anew. */
  private placed(frame: WorkerFrame): WorkerFrame {
    if (!frame.element.isConnected) this.querySelector(".frames")?.append(frame.element);
    return frame;
  }

  private removeFrame(): void {
    this.frame?.remove();
    this.frame = undefined;
  }

  private async submit(answer: Answer): Promise<void> {
    const { lease, autosave } = this;
    if (this.phase !== "working" || lease === undefined || autosave === undefined) return;
    this.phase = "submitting";
    this.notice = "";
    const entry = await autosave.submitted(answer);
    let outcome = await handIn(this.api, this.journal, entry);
    while (outcome.kind === "waiting") {
      this.isOffline = isUnreached(outcome.problem);
      this.problem = this.isOffline ? undefined : outcome.problem;
      await new Promise((resolve) => setTimeout(resolve, HAND_IN_AGAIN_MS));
      // Whoever opens the job next hands it in.
      if (this.isGone || this.autosave !== autosave) return;
      outcome = await handIn(this.api, this.journal, entry);
    }
    if (this.isGone || this.autosave !== autosave) return;
    this.isOffline = false;
    this.problem = undefined;
    const words = portalTexts();
    if (outcome.kind === "faulty") {
      this.notice = `${words.answerRefused} ${outcome.reason}`;
      await autosave.resumed(answer);
      this.phase = "working";
      return;
    }
    this.notice = { accepted: words.handedIn, late: words.answerLate, refused: `${words.answerRefused} ${words.answerKept}` }[outcome.kind];
    await this.next();
  }

  private async giveBack(): Promise<void> {
    if (this.lease === undefined) return;
    try {
      await this.api.giveBack(this.lease.lease_id);
      location.hash = "#/";
    } catch (error) {
      this.problem = error;
    }
  }

  private async decline(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const reason = (form.elements.namedItem("reason") as HTMLTextAreaElement).value.trim();
    if (this.lease === undefined || reason === "") return;
    try {
      await this.api.decline(this.lease.lease_id, reason);
    } catch (error) {
      this.problem = error;
      return;
    } finally {
      form.closest("dialog")?.close();
    }
    form.reset();
    await this.autosave?.discard();
    await this.next();
  }

  private fail(error: unknown): void {
    this.problem = error;
    if (this.lease !== undefined && !isPassing(error)) {
      // The page of this task cannot be made; it can still be declined.
      this.phase = "broken";
      return;
    }
    this.phase = "failed";
    this.lookAgain = setTimeout(() => void this.next(), LOOK_AGAIN_MS);
  }

  // --- the lease's time ------------------------------------------------------------------------------------------------

  private tick(): void {
    if (this.lease === undefined) return;
    this.remaining = this.deadline - Date.now();
    const half = (this.lease.time_limit_seconds * 1000) / 2;
    if (this.phase === "working" && this.remaining > 0 && this.remaining < half && this.lastActive > this.lastRenewal) void this.renew();
  }

  private async renew(): Promise<void> {
    const lease = this.lease;
    if (lease === undefined) return;
    this.lastRenewal = Date.now();
    try {
      const renewed = await this.api.renew(lease.lease_id);
      if (this.lease === lease) this.take(renewed);
    } catch (error) {
      // Without a connection the next activity asks again; over is over.
      if (!isPassing(error) && this.lease === lease) this.deadline = Date.now();
    }
  }

  /** The time was over: asks for the task again, which is the worker's own first. */
  private async regain(): Promise<void> {
    const before = this.lease;
    try {
      const next = await this.api.takeLease(this.job);
      if ("lease" in next && this.autosave !== undefined && next.lease.task_id === before?.task_id) {
        this.autosave.lease = next.lease;
        this.take(next.lease);
        this.frame?.element.focus();
      } else if ("lease" in next) {
        this.notice = portalTexts().answerLate;
        await this.open(next.lease);
      } else {
        this.showNothing(next.withOthers);
      }
    } catch (error) {
      this.problem = error;
    }
  }

  // --- rendering -------------------------------------------------------------------------------------------------------

  protected override render(): TemplateResult {
    const words = portalTexts();
    const hasTask = this.phase === "working" || this.phase === "submitting" || this.phase === "broken";
    return html`
      <h1 class="unseen">${this.job}</h1>
      <div class="bar">
        <a href="#/">${words.backToJobs}</a>
        <span class="status" role="status">${this.statusText()}</span>
        ${hasTask
          ? html`
              ${this.phase === "working" && this.remaining > 0
                ? html`<span class="timer" role="timer" data-short=${this.remaining < ASK_BEFORE_MS}>${words.timeLeft(clock(this.remaining))}</span>`
                : nothing}
              <button type="button" title=${words.returnHelp} ?disabled=${this.phase === "submitting"} @click=${this.giveBack}>
                ${words.returnTask}
              </button>
              <button type="button" ?disabled=${this.phase === "submitting"} @click=${() => this.querySelector("dialog")?.showModal()}>
                ${words.decline}
              </button>
            `
          : nothing}
      </div>
      ${this.isOffline ? html`<p class="notice" role="alert">${words.offline}</p>` : nothing}
      ${this.notice ? html`<p class="notice" role="status">${this.notice}</p>` : nothing}
      ${this.problem === undefined || this.phase === "nothing"
        ? nothing
        : html`<p class="problem" role="alert">${words.failed(problemText(this.problem))}</p>`}
      ${this.renderTime()} ${this.renderInstead()}
      <div class="frames" ?hidden=${!hasTask || this.phase === "broken"} ?inert=${this.phase === "submitting"}></div>
      <dialog aria-labelledby="decline-title">
        <form @submit=${this.decline}>
          <h2 id="decline-title">${words.declineTitle}</h2>
          <p>${words.declineHelp}</p>
          <label for="reason">${words.reason}</label>
          <textarea id="reason" name="reason" rows="3" maxlength="500" required></textarea>
          <p class="buttons">
            <button type="button" @click=${() => this.querySelector("dialog")?.close()}>${words.cancel}</button>
            <button class="primary">${words.decline}</button>
          </p>
        </form>
      </dialog>
    `;
  }

  private statusText(): string {
    const words = portalTexts();
    if (this.phase === "loading") return words.loading;
    if (this.phase === "submitting") return words.submitting;
    if (this.phase !== "working" || this.saveState === undefined) return "";
    return { saved: words.saved, saving: words.saving, "kept here": words.keptHere }[this.saveState];
  }

  private renderTime(): TemplateResult | typeof nothing {
    const words = portalTexts();
    if (this.phase !== "working" || this.remaining >= ASK_BEFORE_MS || this.remaining >= (this.lease?.time_limit_seconds ?? 0) * 500) return nothing;
    const isOver = this.remaining <= 0;
    return html`<p class="notice" role="alert">
      ${isOver ? words.timeOver : words.stillThere}
      <button type="button" @click=${() => (isOver ? this.regain() : this.renew())}>${words.goOn}</button>
    </p>`;
  }

  /** What stands in place of a task when there is none to show. */
  private renderInstead(): TemplateResult | typeof nothing {
    const words = portalTexts();
    const again = html`<button type="button" @click=${() => this.next()}>${this.phase === "nothing" ? words.lookAgain : words.tryAgain}</button>`;
    switch (this.phase) {
      case "nothing":
        return html`<section class="empty" role="status">
          <h2>${words.nothingNow}</h2>
          <p>${this.withOthers > 0 ? words.withOthers(count(this.withOthers)) : words.withNobody}</p>
          <p class="quiet">${words.lookingAgain}</p>
          ${again}
        </section>`;
      case "elsewhere":
        return html`<section class="empty" role="status">
          <p>${words.elsewhere}</p>
          <button type="button" class="primary" @click=${() => this.holdJob({ steal: true })}>${words.workHere}</button>
        </section>`;
      case "broken":
        return html`<section class="empty" role="alert"><p>${words.pageBroken}</p>${again}</section>`;
      case "failed":
        return html`<section class="empty">${again}</section>`;
      default:
        return nothing;
    }
  }
}
