/** What all big worker elements are: three panes (instructions, the work under its header, labels) and a part of the answer.
 *
 * A subclass renders `renderWork()` and `renderSide()`, gives `answer`, `faults()` and `restore()`, and calls `changed()` after each
 * change that a worker made. On a narrow page the panes stand below each other.
 */

import { LitElement, css, html, nothing, type CSSResultGroup, type PropertyValues, type TemplateResult } from "lit";
import { elementTexts } from "../languages/elements";
import { onLanguageChange } from "../languages/language";
import { ANNOTATION_CHANGED, type AnnotationElement } from "./annotation-element";
import { isTyping, positionOfKey } from "./labels";
import { sharedStyles } from "./styles";

export abstract class AnnotationWidget extends LitElement implements AnnotationElement {
  static override properties = { header: { type: String } };

  /** What the worker is asked, above the work. */
  declare header: string | null;
  private endLanguageChange: (() => void) | undefined;
  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || isTyping(event) || this.isDialogOpen()) return;
    const position = positionOfKey(event);
    if (position !== undefined && this.chooseByKey(position)) event.preventDefault();
  };

  get name(): string {
    return this.getAttribute("name") || this.localName;
  }

  abstract get answer(): unknown;
  abstract faults(): string[];
  abstract restore(answer: unknown): void;

  /** The middle pane. */
  protected abstract renderWork(): TemplateResult;
  /** The pane of labels and tools at the end. */
  protected abstract renderSide(): TemplateResult;

  /** A number key was pressed: chooses the label at this position; false when there is none. */
  protected abstract chooseByKey(position: number): boolean;

  /** The answer under the names by which scripts in templates read it. */
  get value(): unknown {
    return this.answer;
  }

  get _submittableValue(): unknown {
    return this.answer;
  }

  /** Tells the form that the worker changed the answer. */
  protected changed(): void {
    this.requestUpdate();
    this.dispatchEvent(new CustomEvent(ANNOTATION_CHANGED, { bubbles: true, composed: true }));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", this.onKey);
    this.endLanguageChange = onLanguageChange(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.onKey);
    this.endLanguageChange?.();
  }

  protected override firstUpdated(_changed: PropertyValues): void {
    // Children that templates give later, or that are parsed after this element, change what the instructions' pane shows.
    this.renderRoot.querySelectorAll("slot").forEach((slot) => slot.addEventListener("slotchange", () => this.requestUpdate()));
  }

  protected override render(): TemplateResult {
    const words = elementTexts();
    const full = this.querySelector(":scope > full-instructions");
    const hasInstructions = full !== null || this.querySelector(":scope > short-instructions") !== null;
    return html`
      <div class="panes" data-instructions=${hasInstructions}>
        <aside class="instructions" aria-label=${words.instructions} ?hidden=${!hasInstructions}>
          <h2>${words.instructions}</h2>
          <button type="button" class="more" ?hidden=${full === null} @click=${this.showFullInstructions}>${words.moreInstructions}</button>
          <slot name="short-instructions"></slot>
        </aside>
        <section class="work" aria-label=${this.header || words.text}>
          ${this.header ? html`<h1>${this.header}</h1>` : nothing} ${this.renderWork()}
        </section>
        <section class="side" aria-label=${words.labels}>${this.renderSide()}</section>
      </div>
      <slot></slot>
      <dialog class="full" aria-labelledby="full-title">
        <div class="bar">
          <h2 id="full-title">${full?.getAttribute("header") || words.moreInstructions}</h2>
          <button type="button" @click=${this.closeFullInstructions}>${words.close}</button>
        </div>
        <slot name="full-instructions"></slot>
      </dialog>
    `;
  }

  private isDialogOpen(): boolean {
    return this.renderRoot.querySelector("dialog[open]") !== null;
  }

  private showFullInstructions(): void {
    this.renderRoot.querySelector<HTMLDialogElement>("dialog.full")?.showModal();
  }

  private closeFullInstructions(): void {
    this.renderRoot.querySelector<HTMLDialogElement>("dialog.full")?.close();
  }

  static override styles: CSSResultGroup = [
    sharedStyles,
    css`
      :host {
        display: block;
        background: var(--ground);
      }
      .panes {
        display: grid;
        grid-template-columns: minmax(11rem, 17rem) minmax(0, 1fr) minmax(12rem, 18rem);
        gap: 1rem;
        align-items: start;
        padding: 1rem;
      }
      .panes[data-instructions="false"] {
        grid-template-columns: minmax(0, 1fr) minmax(12rem, 18rem);
      }
      h1 {
        font-size: 1.2rem;
        margin: 0 0 0.75rem;
        overflow-wrap: anywhere;
      }
      h2 {
        font-size: 1rem;
        margin: 0 0 0.5rem;
      }
      .instructions,
      .side {
        position: sticky;
        inset-block-start: 1rem;
        max-block-size: calc(100vh - 6rem);
        overflow: auto;
        background: var(--panel);
        border-radius: 0.6rem;
        padding: 0.9rem;
        min-inline-size: 0;
      }
      .instructions {
        overflow-wrap: anywhere;
      }
      .instructions .more {
        margin-block-end: 0.5rem;
      }
      .work {
        min-inline-size: 0;
      }
      dialog .bar {
        display: flex;
        justify-content: space-between;
        align-items: start;
        gap: 1rem;
      }
      @media (max-width: 60rem) {
        .panes,
        .panes[data-instructions="false"] {
          grid-template-columns: minmax(0, 1fr);
          padding: 0.6rem;
        }
        .instructions,
        .side {
          position: static;
          max-block-size: none;
        }
      }
    `,
  ];
}
