/** Elements that templates are furnished with and that answer nothing: buttons, tabs, cards, messages, dialogs. */

import { LitElement, css, html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { elementTexts } from "../languages/elements";
import { isOn } from "./attributes";
import { sharedStyles } from "./styles";

/** Signs for the most used names of the iron-icons set, which templates know by name; the drawings of the set itself are not ours. */
const SIGNS: Record<string, string> = {
  add: "+",
  "arrow-back": "←",
  "arrow-forward": "→",
  cancel: "✕",
  check: "✓",
  "check-circle": "✓",
  clear: "✕",
  close: "✕",
  create: "✎",
  delete: "🗑",
  done: "✓",
  error: "!",
  favorite: "♥",
  help: "?",
  info: "i",
  menu: "≡",
  "more-vert": "⋮",
  "question-answer": "?",
  refresh: "↻",
  remove: "−",
  save: "⭳",
  search: "⌕",
  settings: "⚙",
  star: "★",
  "thumb-down": "👎",
  "thumb-up": "👍",
  undo: "↶",
  visibility: "👁",
  warning: "!",
};

function sign(icon: string | null): TemplateResult | typeof nothing {
  const name = icon?.replace(/^[a-z-]+:/, "");
  return name ? html`<span class="sign" aria-hidden="true">${SIGNS[name] ?? "•"}</span>` : nothing;
}

/** The address, where it is one that a link or picture may have. */
function webAddress(address: string | null): string | typeof nothing {
  return address !== null && /^(https?:|mailto:|data:image\/)/i.test(address.trim()) ? address : nothing;
}

abstract class Part extends LitElement {
  protected on(attribute: string): boolean {
    return isOn(this, attribute);
  }

  /** Attributes decide what parts show, so each change of one shows. */
  private readonly observer = new MutationObserver(() => this.requestUpdate());

  override connectedCallback(): void {
    super.connectedCallback();
    this.observer.observe(this, { attributes: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer.disconnect();
  }
}

export class IronIcon extends Part {
  protected override render(): TemplateResult {
    return html`${sign(this.getAttribute("icon"))}`;
  }
}

/** A button. `form-action` makes it submit or reset its form, `href` makes it a link. */
export class CrowdButton extends Part {
  protected override render(): TemplateResult {
    const variant = this.getAttribute("variant") ?? "normal";
    const look = variant === "primary" ? "primary" : variant === "link" ? "plain" : "";
    const pictureUrl = webAddress(this.getAttribute("icon-url"));
    const icon = pictureUrl === nothing ? sign(this.getAttribute("icon")) : html`<img src=${pictureUrl} alt="" width="18" height="18" />`;
    const isAtEnd = this.getAttribute("icon-align") === "right";
    const inside = html`${isAtEnd ? nothing : icon}<slot></slot>${isAtEnd ? icon : nothing}`;
    const href = webAddress(this.getAttribute("href"));
    if (href !== nothing) {
      return html`<a class="button" href=${href} target=${this.getAttribute("target") ?? "_blank"} rel="noopener noreferrer">${inside}</a>`;
    }
    const isLoading = this.on("loading");
    return html`<button
      type="button"
      class=${look}
      aria-label=${this.getAttribute("aria-label") ?? nothing}
      aria-busy=${isLoading ? "true" : nothing}
      ?disabled=${isLoading || this.on("disabled")}
    >
      ${inside}
    </button>`;
  }

  static override styles = [
    sharedStyles,
    css`
      :host {
        display: inline-block;
      }
      .button {
        display: inline-block;
        text-decoration: none;
      }
      .sign {
        margin-inline: 0.2rem;
      }
    `,
  ];
}

export class CrowdIconButton extends Part {
  protected override render(): TemplateResult {
    const icon = this.getAttribute("icon");
    return html`<button type="button" aria-label=${this.getAttribute("label") || this.title || icon || nothing} ?disabled=${this.on("disabled")}>
      ${sign(icon)}<slot></slot>
    </button>`;
  }

  static override styles = [sharedStyles];
}

/** A round button that floats over the page. */
export class CrowdFab extends Part {
  protected override render(): TemplateResult {
    const label = this.getAttribute("label");
    return html`<button type="button" title=${this.title || nothing} aria-label=${this.title || label || nothing} ?disabled=${this.on("disabled")}>
      ${sign(this.getAttribute("icon"))} ${label ?? nothing}
    </button>`;
  }

  static override styles = [
    sharedStyles,
    css`
      :host {
        position: fixed;
        inset-block-end: 1rem;
        inset-inline-end: 1rem;
        z-index: 2;
      }
      button {
        border-radius: 2rem;
        min-inline-size: 3.25rem;
        min-block-size: 3.25rem;
        background: var(--accent);
        color: #ffffff;
      }
    `,
  ];
}

/** A number or sign on the corner of another element, which `for` names. */
export class CrowdBadge extends Part {
  protected override render(): TemplateResult {
    const icon = this.getAttribute("icon");
    return html`${icon ? sign(icon) : this.getAttribute("label")}`;
  }

  protected override firstUpdated(_changed: PropertyValues): void {
    const target = this.getAttribute("for");
    const element = target === null ? this.previousElementSibling : this.parentElement?.querySelector(`#${CSS.escape(target)}`);
    if (element && element.nextElementSibling !== this) element.after(this);
  }

  static override styles = [
    sharedStyles,
    css`
      :host {
        display: inline-block;
        min-inline-size: 1.3rem;
        padding: 0.1rem 0.35rem;
        border-radius: 1rem;
        background: var(--accent);
        color: #ffffff;
        font-size: 0.75rem;
        text-align: center;
        vertical-align: super;
        margin-inline-start: -0.5rem;
      }
    `,
  ];
}

export class CrowdAlert extends Part {
  protected override render(): TemplateResult {
    const type = this.getAttribute("type") ?? "info";
    return html`<div class="alert" data-type=${type} role=${type === "error" || type === "warning" ? "alert" : "status"}>
      <div><slot></slot></div>
      ${this.on("dismissible")
        ? html`<button type="button" class="plain" aria-label=${elementTexts().dismiss} @click=${() => this.remove()}>✕</button>`
        : nothing}
    </div>`;
  }

  static override styles = [
    sharedStyles,
    css`
      :host {
        display: block;
        margin-block: 0.5rem;
      }
      .alert {
        display: flex;
        justify-content: space-between;
        gap: 1rem;
        border-inline-start: 0.35rem solid var(--accent);
        border-radius: 0.4rem;
        background: #eaf3fc;
        padding: 0.6rem 0.8rem;
      }
      [data-type="error"] {
        border-color: var(--alarm);
        background: #fdeceb;
      }
      [data-type="warning"] {
        border-color: #a15c00;
        background: #fff4e0;
      }
      [data-type="success"] {
        border-color: #1d6f2b;
        background: #e9f6ea;
      }
    `,
  ];
}

/** A message that goes away by itself after `duration` milliseconds (10,000 where the template gives none). */
export class CrowdToast extends Part {
  static override properties = { isOver: { state: true } };
  declare isOver: boolean;
  private timer: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.isOver = false;
    const duration = Number(this.getAttribute("duration") ?? 10_000);
    if (duration > 0) this.timer = setTimeout(() => (this.isOver = true), duration);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  protected override render(): TemplateResult {
    return html`<div role="status">${this.isOver ? nothing : html`<p>${this.getAttribute("text") ?? nothing}<slot></slot></p>`}</div>`;
  }

  static override styles = [
    sharedStyles,
    css`
      p {
        position: fixed;
        inset-block-end: 1rem;
        inset-inline-start: 1rem;
        margin: 0;
        padding: 0.75rem 1rem;
        border-radius: 0.4rem;
        background: #2b2f36;
        color: #ffffff;
        z-index: 3;
      }
    `,
  ];
}

export class CrowdCard extends Part {
  protected override render(): TemplateResult {
    const picture = webAddress(this.getAttribute("image"));
    const heading = this.getAttribute("heading");
    return html`<section>
      ${picture === nothing ? nothing : html`<img src=${picture} alt="" />`} ${heading ? html`<h2>${heading}</h2>` : nothing}
      <div class="inside"><slot></slot></div>
    </section>`;
  }

  static override styles = [
    sharedStyles,
    css`
      :host {
        display: inline-block;
        max-inline-size: 100%;
      }
      section {
        border: 1px solid var(--faint-line);
        border-radius: 0.6rem;
        overflow: hidden;
      }
      img {
        display: block;
        max-inline-size: 100%;
      }
      h2 {
        font-size: 1.1rem;
        margin: 0.75rem 0.9rem 0;
      }
      .inside {
        padding: 0.75rem 0.9rem;
      }
    `,
  ];
}

export class CrowdTab extends Part {
  protected override render(): TemplateResult {
    return html`<slot></slot>`;
  }
}

/** Tabs: a row of their headers, and the one that is chosen. */
export class CrowdTabs extends Part {
  static override properties = { chosen: { state: true } };
  declare chosen: number;

  constructor() {
    super();
    this.chosen = 0;
  }

  private get tabs(): CrowdTab[] {
    return [...this.querySelectorAll<CrowdTab>(":scope > crowd-tab")];
  }

  protected override updated(): void {
    this.tabs.forEach((tab, position) => {
      tab.hidden = position !== this.chosen;
      tab.setAttribute("role", "tabpanel");
      tab.setAttribute("aria-label", tab.getAttribute("header") ?? "");
    });
  }

  private onKey(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const count = this.tabs.length;
    if (step === undefined || count === 0) return;
    event.preventDefault();
    const isMirrored = getComputedStyle(this).direction === "rtl";
    this.chosen = (this.chosen + (isMirrored ? -step : step) + count) % count;
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  }

  protected override render(): TemplateResult {
    return html`
      <div role="tablist" @keydown=${this.onKey}>
        ${this.tabs.map(
          (tab, position) => html`<button
            type="button"
            role="tab"
            aria-selected=${position === this.chosen}
            tabindex=${position === this.chosen ? 0 : -1}
            @click=${() => (this.chosen = position)}
          >
            ${tab.getAttribute("header")}
          </button>`,
        )}
      </div>
      <slot @slotchange=${() => this.requestUpdate()}></slot>
    `;
  }

  static override styles = [
    sharedStyles,
    css`
      :host {
        display: block;
      }
      [role="tablist"] {
        display: flex;
        flex-wrap: wrap;
        gap: 0.3rem;
        border-block-end: 1px solid var(--line);
        margin-block-end: 0.6rem;
      }
      [role="tab"] {
        border-color: transparent;
        border-end-start-radius: 0;
        border-end-end-radius: 0;
        background: none;
      }
      [role="tab"][aria-selected="true"] {
        border-color: var(--line);
        border-block-end: 3px solid var(--accent);
        font-weight: 700;
      }
    `,
  ];
}

/** A link or button that opens a dialog; `crowd-instructions` is one with parts of its own. */
abstract class Opener extends Part {
  protected abstract renderInside(): TemplateResult;
  protected abstract readonly ownLinkText: string;

  protected get dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector("dialog");
  }

  open(): void {
    this.dialog?.showModal();
  }

  close(): void {
    this.dialog?.close();
  }

  protected override render(): TemplateResult {
    const text = this.getAttribute("link-text") || this.ownLinkText;
    return html`
      <button type="button" class=${this.getAttribute("link-type") === "button" ? "" : "plain"} @click=${this.open}>${text}</button>
      <dialog aria-label=${text}>
        ${this.renderInside()}
        <p class="bar"><button type="button" @click=${this.close}>${elementTexts().close}</button></p>
      </dialog>
    `;
  }

  static override styles = [
    sharedStyles,
    css`
      .bar {
        text-align: end;
        margin-block-end: 0;
      }
      h2 {
        font-size: 1.05rem;
      }
    `,
  ];
}

export class CrowdModal extends Opener {
  protected override get ownLinkText(): string {
    return elementTexts().moreInstructions;
  }

  protected renderInside(): TemplateResult {
    return html`<slot></slot>`;
  }

  protected override updated(): void {
    if (this.on("opened") && this.dialog?.open === false) this.open();
  }
}

export class CrowdInstructions extends Opener {
  protected override get ownLinkText(): string {
    return elementTexts().moreInstructions;
  }

  protected override render(): TemplateResult {
    return html`<slot name="short-summary"></slot>${super.render()}`;
  }

  protected renderInside(): TemplateResult {
    const words = elementTexts();
    const example = (name: "positive-example" | "negative-example", title: string): TemplateResult | typeof nothing =>
      this.querySelector(`:scope > ${name}`) === null ? nothing : html`<h2>${title}</h2><slot name=${name}></slot>`;
    return html`
      <slot name="detailed-instructions"></slot>
      ${example("positive-example", words.goodExample)} ${example("negative-example", words.badExample)}
      <slot @slotchange=${() => this.requestUpdate()}></slot>
    `;
  }
}
