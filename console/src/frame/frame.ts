/** The script of the frames. They have no origin (sandboxed by their own answer), so a worker page in them reaches nothing of the portal.
 *
 * The elements are known before the page comes; then the page is written into the frame, scripts and all, in the order of its markup.
 */

import { ANSWER_CHANGED, ANSWER_SUBMITTED, type CrowdForm } from "../elements/crowd-form";
import { defineElements } from "../elements/define";
import { DRAWING_ELEMENTS } from "../elements/drawing";
import { chooseLanguage } from "../languages/language";
import { isShowPage, isSpeakLanguage, type FrameMessage, type ShowPage } from "./messages";

/** An answer that takes long to gather (a large mask) is gathered less often: at most this part of the time is spent on it. */
const GATHERING_SHARE = 0.2;
const QUICK_MS = 20;
const ACTIVITY_EVERY_MS = 5_000;

defineElements(DRAWING_ELEMENTS);

// The portal is of the address that the frame came from, though the frame itself is of no origin.
const PORTAL = new URL(document.baseURI).origin;

function tell(message: FrameMessage): void {
  window.parent.postMessage(message, PORTAL);
}

function awaitPage(event: MessageEvent): void {
  if (event.source !== window.parent || event.origin !== PORTAL || !isShowPage(event.data)) return;
  window.removeEventListener("message", awaitPage);
  show(event.data);
}

function show(page: ShowPage): void {
  chooseLanguage(page.language);
  // Opening forgets all listeners, so they follow.
  document.open();
  document.addEventListener("DOMContentLoaded", () => void begin(page), { once: true });
  document.write(page.html);
  document.close();
}

async function begin(page: ShowPage): Promise<void> {
  await allElementsDrawn();
  (window as { allCrowdElementsReady?: boolean }).allCrowdElementsReady = true;
  document.dispatchEvent(new Event("all-crowd-elements-ready"));
  const form = formOfPage();
  if (form === undefined) {
    tell({ kind: "broken", reason: "no form" });
    return;
  }
  form.begin(page.draft ?? undefined);
  followLanguage();
  tellChanges(form);
  tellActivity();
  tell({ kind: "ready", answer: form.answer(), faults: form.faults() });
}

async function allElementsDrawn(): Promise<void> {
  // An element may draw others in its turn; three rounds reach the deepest of ours.
  for (let round = 0; round < 3; round++) {
    await Promise.all([...document.querySelectorAll("*")].map((element) => (element as { updateComplete?: Promise<unknown> }).updateComplete));
  }
}

/** The page's form; a self-contained element has one in its shadow. */
function formOfPage(): CrowdForm | undefined {
  const inPage = document.querySelector<CrowdForm>("crowd-form");
  if (inPage !== null) return inPage;
  for (const element of document.querySelectorAll("*")) {
    const inShadow = element.shadowRoot?.querySelector<CrowdForm>("crowd-form");
    if (inShadow) return inShadow;
  }
  return undefined;
}

function followLanguage(): void {
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.origin !== PORTAL || !isSpeakLanguage(event.data)) return;
    document.documentElement.lang = event.data.language;
    chooseLanguage(event.data.language);
  });
}

function tellChanges(form: CrowdForm): void {
  let isWaiting = false;
  let pause = 0;
  const tellNow = (): void => {
    isWaiting = false;
    const before = performance.now();
    const message = { kind: "changed", answer: form.answer(), faults: form.faults() } as const;
    const taken = performance.now() - before;
    pause = taken > QUICK_MS ? taken / GATHERING_SHARE : 0;
    tell(message);
  };
  document.addEventListener(ANSWER_CHANGED, () => {
    if (isWaiting) return;
    isWaiting = true;
    if (pause === 0) queueMicrotask(tellNow);
    else setTimeout(tellNow, pause);
  });
  document.addEventListener(ANSWER_SUBMITTED, () => tell({ kind: "submitted", answer: form.answer() }));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}

function tellActivity(): void {
  let last = 0;
  const active = (): void => {
    if (performance.now() - last < ACTIVITY_EVERY_MS) return;
    last = performance.now();
    tell({ kind: "active" });
  };
  for (const type of ["pointermove", "pointerdown", "keydown", "wheel", "scroll"]) {
    document.addEventListener(type, active, { capture: true, passive: true });
  }
}

window.addEventListener("message", awaitPage);
tell({ kind: "blank" });
