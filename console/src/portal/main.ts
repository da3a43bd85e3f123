/** The portal for workers: signs in, then shows the page that the address names. */

import { html, nothing, render, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";
import { connect } from "../api/client";
import { chooseLanguage, language, LANGUAGE_NAMES, LANGUAGES, onLanguageChange, texts, type Language } from "../languages/language";
import { portalTexts } from "../languages/portal";
import { signInTexts } from "../languages/sign-in";
import { startSession, type Session } from "../sign-in/session";
import { HistoryPage } from "./history-page";
import { JobsPage } from "./jobs-page";
import { openJournal, type Journal } from "./journal";
import { handInWaiting } from "./outbox";
import "./portal.css";
import { TaskPage } from "./task-page";
import { WorkApi } from "./work-api";

customElements.define("jobs-page", JobsPage);
customElements.define("history-page", HistoryPage);
customElements.define("task-page", TaskPage);

interface Portal {
  readonly session: Session;
  readonly api: WorkApi;
  readonly journal: Journal;
}

/** The job that `#/jobs/NAME` names. */
function jobInAddress(): string | undefined {
  const match = /^#\/jobs\/([^/]+)$/.exec(location.hash);
  return match === null ? undefined : decodeURIComponent(match[1]!);
}

function page({ session, api, journal }: Portal): TemplateResult {
  const job = jobInAddress();
  if (job !== undefined) {
    return html`${keyed(job, html`<task-page .api=${api} .journal=${journal} .worker=${session.username} .job=${job}></task-page>`)}`;
  }
  return location.hash === "#/history" ? html`<history-page .api=${api} .journal=${journal} .worker=${session.username}></history-page>` : html`<jobs-page .api=${api}></jobs-page>`;
}

function draw(root: HTMLElement, portal: Portal): void {
  const words = portalTexts();
  document.title = `${words.title} · Groundwork`;
  document.documentElement.lang = language();
  const isHistory = location.hash === "#/history";
  document.body.classList.toggle("at-task", jobInAddress() !== undefined);
  render(
    html`
      <header>
        <a class="brand" href="#/">Groundwork</a>
        <nav aria-label=${words.title}>
          <a href="#/" aria-current=${isHistory ? nothing : "page"}>${words.work}</a>
          <a href="#/history" aria-current=${isHistory ? "page" : nothing}>${words.history}</a>
        </nav>
        <select aria-label=${words.language} @change=${(event: Event) => chooseLanguage((event.target as HTMLSelectElement).value as Language)}>
          ${LANGUAGES.map((each) => html`<option value=${each} lang=${each} ?selected=${each === language()}>${LANGUAGE_NAMES[each]}</option>`)}
        </select>
        <span class="who" title=${words.signedInAs(portal.session.username)}><bdi>${portal.session.username}</bdi></span>
        <button type="button" @click=${() => portal.session.signOut()}>${words.signOut}</button>
      </header>
      <main>${page(portal)}</main>
    `,
    root,
  );
}

async function start(): Promise<void> {
  const root = document.querySelector<HTMLElement>("#portal")!;
  try {
    const session = await startSession();
    const portal: Portal = { session, api: new WorkApi(connect(session)), journal: await openJournal(Date.now()) };
    const redraw = (): void => draw(root, portal);
    window.addEventListener("hashchange", redraw);
    onLanguageChange(redraw);
    const handIn = (): void => void handInWaiting(portal.api, portal.journal, session.username);
    window.addEventListener("online", handIn);
    redraw();
    handIn();
  } catch (error) {
    console.error(error);
    root.textContent = texts(signInTexts).cannotStart;
    root.setAttribute("role", "alert");
  }
}

void start();
