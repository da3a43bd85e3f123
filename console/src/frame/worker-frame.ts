/** The frame of a worker page, as the portal and the console's preview put it into their pages. */

import type { Answer } from "../elements/crowd-form";
import { language, onLanguageChange } from "../languages/language";
import { isFrameMessage, type FrameMessage, type ShowPage, type SpeakLanguage } from "./messages";
import { bringsScripts, framedPage, type WorkerPage } from "./page";

export class WorkerFrame {
  readonly element: HTMLIFrameElement;
  /** Hears what the page in the frame says, after it is shown. */
  onMessage: (message: FrameMessage) => void = () => undefined;
  private readonly isBlank: Promise<void>;
  private becameBlank: () => void = () => undefined;
  private endLanguageChange: () => void = () => undefined;
  private readonly listener = (event: MessageEvent): void => this.hear(event);

  /** Loads in the background as soon as the element is in the document: with the elements known, and empty. */
  constructor(
    title: string,
    readonly forScripts: boolean,
  ) {
    this.element = document.createElement("iframe");
    this.element.title = title;
    // Without allow-same-origin: the frame is of no origin. Its own answer says the same, for whoever opens it elsewhere.
    this.element.setAttribute("sandbox", "allow-scripts allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox");
    this.element.referrerPolicy = "no-referrer";
    this.element.src = new URL(forScripts ? "custom-frame.html" : "frame.html", document.baseURI).href;
    this.isBlank = new Promise((resolve) => (this.becameBlank = resolve));
    window.addEventListener("message", this.listener);
  }

  /** A frame for this page: the one given, when it is of the right kind and can be used, else a new one. */
  static for(page: WorkerPage, title: string, spare?: WorkerFrame): WorkerFrame {
    const forScripts = bringsScripts(page);
    if (spare?.forScripts === forScripts) return spare;
    spare?.remove();
    return new WorkerFrame(title, forScripts);
  }

  /** Shows a worker page, once: a frame is for one page. */
  async show(page: WorkerPage, draft: Answer | null): Promise<void> {
    await this.isBlank;
    this.tell({ kind: "show", html: framedPage(page, language()), draft, language: language() });
    this.endLanguageChange = onLanguageChange(() => this.tell({ kind: "language", language: language() }));
  }

  remove(): void {
    this.endLanguageChange();
    window.removeEventListener("message", this.listener);
    this.element.remove();
  }

  private tell(message: ShowPage | SpeakLanguage): void {
    // A frame of no origin can only be addressed as any; the window is the frame's own.
    this.element.contentWindow?.postMessage(message, "*");
  }

  private hear(event: MessageEvent): void {
    if (event.source === null || event.source !== this.element.contentWindow || event.origin !== "null" || !isFrameMessage(event.data)) return;
    if (event.data.kind === "blank") this.becameBlank();
    else this.onMessage(event.data);
  }
}
