/** `worker-comment`: a link below the categories that opens a dialog for a comment on the choice. */

import { LitElement, css, html, nothing, type TemplateResult } from "lit";
import { elementTexts } from "../languages/elements";
import { sharedStyles } from "./styles";

/** Fired, bubbling, after the comment changed. */
export const WORKER_COMMENT_CHANGED = "worker-comment-changed";

export class WorkerComment extends LitElement {
  static override properties = {
    header: { type: String },
    linkText: { attribute: "link-text" },
    placeholder: { type: String },
    comment: { state: true },
  };

  declare header: string | null;
  declare linkText: string | null;
  declare placeholder: string | null;
  /** What the worker wrote, without space around it. */
  declare comment: string;

  constructor() {
    super();
    this.comment = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.slot = "worker-comment";
  }

  restore(comment: string): void {
    this.comment = comment;
  }

  protected override render(): TemplateResult {
    const words = elementTexts();
    return html`
      <button type="button" class="plain open" @click=${() => this.dialog?.showModal()}>${this.linkText || words.addComment}</button>
      ${this.comment ? html`<p>${words.commentPresent(this.comment)}</p>` : nothing}
      <dialog aria-labelledby="title">
        <h2 id="title">${this.header || words.addComment}</h2>
        <div><slot></slot></div>
        <textarea
          rows="4"
          maxlength="2000"
          aria-labelledby="title"
          placeholder=${this.placeholder ?? nothing}
          .value=${this.comment}
          @input=${(event: Event) => event.stopPropagation()}
        ></textarea>
        <div class="bar">
          <button type="button" class="cancel" @click=${this.cancel}>${words.cancel}</button>
          <button type="button" class="primary" @click=${this.keep}>${words.keep}</button>
        </div>
      </dialog>
    `;
  }

  private get dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector("dialog");
  }

  private get field(): HTMLTextAreaElement {
    return this.renderRoot.querySelector("textarea")!;
  }

  private cancel(): void {
    this.field.value = this.comment;
    this.dialog?.close();
  }

  private keep(): void {
    this.comment = this.field.value.trim();
    this.dialog?.close();
    this.dispatchEvent(new CustomEvent(WORKER_COMMENT_CHANGED, { bubbles: true }));
  }

  static override styles = [
    sharedStyles,
    css`
      :host {
        display: block;
        margin-block-start: 0.75rem;
      }
      p {
        margin: 0.3rem 0 0;
        overflow-wrap: anywhere;
      }
      textarea {
        font: inherit;
        inline-size: 100%;
        margin-block: 0.6rem;
        padding: 0.5rem;
      }
      .bar {
        display: flex;
        justify-content: end;
        gap: 0.6rem;
      }
    `,
  ];
}
