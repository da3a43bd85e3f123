/** The labeling jobs that have work for this worker. */

import { html, nothing, type TemplateResult } from "lit";
import { portalTexts } from "../languages/portal";
import { LightElement } from "./light-element";
import type { JobWithWork, WorkApi } from "./work-api";
import { count, problemText } from "./words";

const LOOK_EVERY_MS = 20_000;

export class JobsPage extends LightElement {
  static override properties = { jobs: { state: true }, problem: { state: true } };

  api!: WorkApi;
  declare jobs: readonly JobWithWork[] | undefined;
  declare problem: unknown;
  private timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.look();
    this.timer = setInterval(() => void (document.visibilityState === "visible" && this.look()), LOOK_EVERY_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    try {
      this.jobs = await this.api.jobs();
      this.problem = undefined;
    } catch (error) {
      this.problem = error;
    }
  }

  protected override render(): TemplateResult {
    const words = portalTexts();
    return html`
      <h1>${words.yourWork}</h1>
      ${this.problem === undefined ? nothing : html`<p class="problem" role="alert">${words.failed(problemText(this.problem))}</p>`}
      ${this.jobs === undefined && this.problem === undefined ? html`<p role="status">${words.loading}</p>` : nothing}
      ${this.jobs?.length === 0 ? html`<p class="empty" role="status">${words.noWork}<br />${words.noWorkYet}</p>` : nothing}
      <ul class="jobs">
        ${this.jobs?.map(
          (job) => html`<li>
            <div>
              <h2><bdi>${job.title}</bdi></h2>
              <p><bdi>${job.description}</bdi></p>
              <p class="quiet">${words.available(count(job.available))} · ${words.answered(count(job.answered_by_me))}</p>
            </div>
            <a class="button primary" href="#/jobs/${encodeURIComponent(job.name)}" aria-label=${words.startJob(job.title)}>${words.start}</a>
          </li>`,
        )}
      </ul>
    `;
  }
}
