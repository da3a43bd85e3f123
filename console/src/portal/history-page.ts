/** What this worker answered, newest first; and what of the answers is on this machine only, with the way to keep it. */

import { html, nothing, type TemplateResult } from "lit";
import { portalTexts } from "../languages/portal";
import type { Entry, Journal } from "./journal";
import { LightElement } from "./light-element";
import type { HistoryEntry, WorkApi } from "./work-api";
import { count, moment, problemText } from "./words";

export class HistoryPage extends LightElement {
  static override properties = { kept: { state: true }, entries: { state: true }, next: { state: true }, problem: { state: true }, isLoading: { state: true } };

  api!: WorkApi;
  journal!: Journal;
  worker!: string;
  /** Answers that the server does not have, or did not take. */
  declare kept: readonly Entry[];
  declare entries: readonly HistoryEntry[];
  declare next: string | undefined;
  declare problem: unknown;
  declare isLoading: boolean;

  override connectedCallback(): void {
    super.connectedCallback();
    this.entries = this.kept = [];
    void this.load();
    void this.look();
  }

  private async look(): Promise<void> {
    this.kept = (await this.journal.entries(this.worker)).filter(({ state }) => state !== "saved");
  }

  private async forget(entry: Entry): Promise<void> {
    if (!confirm(portalTexts().keptForgetAsk)) return;
    await this.journal.remove(entry.worker, entry.job, entry.task);
    await this.look();
  }

  private async load(): Promise<void> {
    this.isLoading = true;
    try {
      const page = await this.api.history(this.next);
      this.entries = [...this.entries, ...page.items];
      this.next = page.next;
      this.problem = undefined;
    } catch (error) {
      this.problem = error;
    } finally {
      this.isLoading = false;
    }
  }

  protected override render(): TemplateResult {
    const words = portalTexts();
    const isEmpty = this.entries.length === 0;
    return html`
      <h1>${words.history}</h1>
      ${this.kept.length === 0 ? nothing : this.renderKept()}
      ${this.problem === undefined ? nothing : html`<p class="problem" role="alert">${words.failed(problemText(this.problem))}</p>`}
      ${isEmpty && this.isLoading ? html`<p role="status">${words.loading}</p>` : nothing}
      ${isEmpty && !this.isLoading && this.problem === undefined ? html`<p class="empty">${words.historyEmpty}</p>` : nothing}
      ${isEmpty
        ? nothing
        : html`<div class="scroll" tabindex="0" role="region" aria-label=${words.answers}>
            <table>
              <thead>
                <tr>
                  <th scope="col">${words.historyWhen}</th>
                  <th scope="col">${words.historyJob}</th>
                  <th scope="col">${words.historyObject}</th>
                  <th scope="col">${words.historyTime}</th>
                  <th scope="col">${words.historyAnswer}</th>
                </tr>
              </thead>
              <tbody>
                ${this.entries.map((entry) => renderEntry(entry))}
              </tbody>
            </table>
          </div>`}
      ${this.next === undefined ? nothing : html`<button type="button" ?disabled=${this.isLoading} @click=${this.load}>${words.more}</button>`}
    `;
  }

  private renderKept(): TemplateResult {
    const words = portalTexts();
    const told = { changed: words.keptChanged, saved: "", submitted: words.keptSubmitted, refused: words.keptRefused };
    return html`<section class="kept">
      <h2>${words.kept}</h2>
      <p class="quiet">${words.keptHelp}</p>
      <ul>
        ${this.kept.map(
          (entry) => html`<li>
            <p><bdi>${entry.job}</bdi> · ${words.historyObject} ${entry.task} · ${moment(new Date(entry.at).toISOString())}</p>
            <p>${told[entry.state]} ${entry.reason ?? ""}</p>
            <p class="buttons">
              <a class="button" download="${entry.job}-${entry.task}.json" href=${asFile(entry)}>${words.keptDownload}</a>
              <button type="button" @click=${() => this.forget(entry)}>${words.keptForget}</button>
            </p>
          </li>`,
        )}
      </ul>
    </section>`;
  }
}

function renderEntry(entry: HistoryEntry): TemplateResult {
  const words = portalTexts();
  const taken = Math.max(0, (Date.parse(entry.submitted_at) - Date.parse(entry.taken_at)) / 1000);
  return html`<tr>
    <td data-name=${words.historyWhen}>${moment(entry.submitted_at)}</td>
    <td data-name=${words.historyJob}><bdi>${entry.job}</bdi></td>
    <td data-name=${words.historyObject}>${entry.task_id}</td>
    <td data-name=${words.historyTime}>${words.seconds(count(Math.round(taken)))}</td>
    <td data-name=${words.historyAnswer}>
      ${entry.answer ? html`<details><summary>${words.historyAnswer}</summary><pre>${JSON.stringify(entry.answer, null, 1)}</pre></details>` : "–"}
    </td>
  </tr>`;
}

function asFile(entry: Entry): string {
  return `data:application/json,${encodeURIComponent(JSON.stringify(entry.answer, null, 1))}`;
}
