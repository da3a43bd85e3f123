/** Fields that templates ask further questions with. Answers are as the elements of the same tags give them (page sms-ui-template-reference):
 * text as text, a slider as a number, boxes, switches and radio buttons as `{value: true or false}`. A field without a name answers nothing. */

import { LitElement, css, html, nothing, type CSSResultGroup, type PropertyValues, type TemplateResult } from "lit";
import { elementTexts } from "../languages/elements";
import { ANNOTATION_CHANGED, type AnnotationElement } from "./annotation-element";
import { isOn, isRecord } from "./attributes";
import { sharedStyles } from "./styles";

abstract class Field extends LitElement implements AnnotationElement {
  get name(): string {
    return this.getAttribute("name") ?? "";
  }

  abstract get answer(): unknown;
  abstract faults(): string[];
  abstract restore(answer: unknown): void;

  /** What a person would call the field. */
  protected get called(): string {
    return this.getAttribute("label") || this.getAttribute("aria-label") || this.textContent?.trim() || this.name || elementTexts().field;
  }

  protected get isRequired(): boolean {
    return isOn(this, "required");
  }

  protected get isDisabled(): boolean {
    return isOn(this, "disabled");
  }

  protected changed(): void {
    this.requestUpdate();
    this.dispatchEvent(new CustomEvent(ANNOTATION_CHANGED, { bubbles: true, composed: true }));
    this.dispatchEvent(new Event("change", { bubbles: true }));
  }

  static override styles: CSSResultGroup = [
    sharedStyles,
    css`
      :host {
        display: block;
        margin-block: 0.5rem;
      }
      label.above {
        display: block;
        font-weight: 600;
        margin-block-end: 0.2rem;
      }
      input:not([type="checkbox"]):not([type="range"]),
      textarea {
        font: inherit;
        inline-size: 100%;
        padding: 0.4rem 0.6rem;
        border: 1px solid var(--line);
        border-radius: 0.4rem;
      }
      .problem {
        color: var(--alarm);
        margin: 0.2rem 0 0;
      }
    `,
  ];
}

const TEXT_TYPES = new Set(["text", "email", "number", "tel", "url", "date", "time", "datetime-local", "month", "week", "search", "color"]);

abstract class TextField extends Field {
  static override properties = { shown: { state: true } };
  /** The text in the field; undefined until somebody typed or a script set it. */
  declare shown: string | undefined;

  get value(): string {
    return this.shown ?? this.getAttribute("value") ?? "";
  }

  set value(text: string) {
    this.shown = text;
  }

  get answer(): unknown {
    return this.value === "" ? undefined : this.value;
  }

  restore(answer: unknown): void {
    if (typeof answer === "string") this.shown = answer;
  }

  faults(): string[] {
    const words = elementTexts();
    if (this.isDisabled) return [];
    if (this.value === "") return this.isRequired ? [words.fillIn(this.called)] : [];
    const control = this.control;
    const problem = this.problem() ?? (control && !control.validity.valid ? control.validationMessage : undefined);
    return problem === undefined ? [] : [words.mend(this.called, problem)];
  }

  protected abstract get control(): HTMLInputElement | HTMLTextAreaElement | null;

  /** What is wrong with the text by the element's own rules. */
  protected problem(): string | undefined {
    return undefined;
  }

  protected number(attribute: string): number | typeof nothing {
    const value = Number(this.getAttribute(attribute) ?? Number.NaN);
    return Number.isInteger(value) && value >= 0 ? value : nothing;
  }

  protected take(text: string): void {
    this.shown = text;
    this.changed();
  }

  protected override firstUpdated(_changed: PropertyValues): void {
    if (isOn(this, "auto-focus")) this.control?.focus();
  }

  protected renderLabel(): TemplateResult | typeof nothing {
    const label = this.getAttribute("label");
    return label ? html`<label class="above" for="field">${label}</label>` : nothing;
  }
}

export class CrowdInput extends TextField {
  protected get control(): HTMLInputElement | null {
    return this.renderRoot.querySelector("input");
  }

  protected override problem(): string | undefined {
    const pattern = this.pattern;
    if (!isOn(this, "auto-validate") || pattern === undefined || this.value === "") return undefined;
    return [...this.value].every((character) => pattern.test(character)) || pattern.test(this.value) ? undefined : this.errorText;
  }

  private get errorText(): string {
    return this.getAttribute("error-message") || elementTexts().notAllowed;
  }

  private get pattern(): RegExp | undefined {
    try {
      return new RegExp(`^(?:${this.getAttribute("allowed-pattern") ?? ".*"})$`, "u");
    } catch {
      return undefined;
    }
  }

  protected override render(): TemplateResult {
    const type = this.getAttribute("type") ?? "text";
    const problem = this.problem();
    return html`
      ${this.renderLabel()}
      <input
        id="field"
        type=${TEXT_TYPES.has(type) ? type : "text"}
        .value=${this.value}
        placeholder=${this.getAttribute("placeholder") ?? nothing}
        aria-label=${this.getAttribute("label") ? nothing : this.getAttribute("placeholder") || this.called}
        aria-invalid=${problem === undefined ? nothing : "true"}
        aria-describedby=${problem === undefined ? nothing : "problem"}
        minlength=${this.number("min-length")}
        maxlength=${this.number("max-length")}
        ?required=${this.isRequired}
        ?disabled=${this.isDisabled}
        @input=${(event: Event) => {
          event.stopPropagation();
          this.take((event.target as HTMLInputElement).value);
        }}
      />
      ${problem === undefined ? nothing : html`<p class="problem" id="problem" role="alert">${problem}</p>`}
    `;
  }
}

export class CrowdTextArea extends TextField {
  protected get control(): HTMLTextAreaElement | null {
    return this.renderRoot.querySelector("textarea");
  }

  protected override render(): TemplateResult {
    const rows = this.number("rows");
    return html`
      ${this.renderLabel()}
      <textarea
        id="field"
        rows=${rows === nothing ? 3 : rows}
        .value=${this.value}
        placeholder=${this.getAttribute("placeholder") ?? nothing}
        aria-label=${this.getAttribute("label") ? nothing : this.getAttribute("placeholder") || this.called}
        minlength=${this.number("min-length")}
        maxlength=${this.number("max-length")}
        ?required=${this.isRequired}
        ?disabled=${this.isDisabled}
        @input=${(event: Event) => {
          event.stopPropagation();
          this.take((event.target as HTMLTextAreaElement).value);
        }}
      ></textarea>
    `;
  }
}

/** A field that is on or off; its part of the answer is `{value: state}`, `value` being `on` where the template gives none. */
abstract class Switch extends Field {
  static override properties = { state: { state: true } };
  /** Undefined until somebody or a script changed it. */
  declare state: boolean | undefined;

  get checked(): boolean {
    return this.state ?? isOn(this, "checked");
  }

  set checked(checked: boolean) {
    this.state = checked;
  }

  protected get valueName(): string {
    return this.getAttribute("value") || "on";
  }

  get answer(): unknown {
    return { [this.valueName]: this.checked };
  }

  restore(answer: unknown): void {
    if (isRecord(answer) && typeof answer[this.valueName] === "boolean") this.state = answer[this.valueName] as boolean;
  }

  faults(): string[] {
    return this.isRequired && !this.isDisabled && !this.checked ? [elementTexts().check(this.called)] : [];
  }
}

export class CrowdCheckbox extends Switch {
  protected readonly controlRole: "checkbox" | "switch" = "checkbox";

  protected override render(): TemplateResult {
    return html`<label>
      <input
        type="checkbox"
        role=${this.controlRole}
        .checked=${this.checked}
        aria-label=${this.textContent?.trim() ? nothing : this.called}
        ?disabled=${this.isDisabled}
        @change=${(event: Event) => {
          this.state = (event.target as HTMLInputElement).checked;
          this.changed();
        }}
      />
      <slot></slot>
    </label>`;
  }

  static override styles: CSSResultGroup = [
    Field.styles,
    css`
      :host {
        display: inline-block;
      }
      label {
        display: inline-flex;
        align-items: center;
        gap: 0.5rem;
        min-block-size: 2rem;
        cursor: pointer;
      }
      input {
        inline-size: 1.15rem;
        block-size: 1.15rem;
        margin: 0;
      }
    `,
  ];
}

export class CrowdToggleButton extends CrowdCheckbox {
  protected override readonly controlRole = "switch";

  static override styles: CSSResultGroup = [
    CrowdCheckbox.styles,
    css`
      input {
        appearance: none;
        inline-size: 2.6rem;
        block-size: 1.4rem;
        border-radius: 1rem;
        background: var(--line);
        position: relative;
      }
      input::after {
        content: "";
        position: absolute;
        inset-block-start: 0.15rem;
        inset-inline-start: 0.15rem;
        inline-size: 1.1rem;
        block-size: 1.1rem;
        border-radius: 50%;
        background: #ffffff;
      }
      input:checked {
        background: var(--accent);
      }
      input:checked::after {
        inset-inline-start: 1.35rem;
      }
      :host([invalid]) input:not(:checked) {
        background: var(--alarm);
      }
    `,
  ];
}

/** A radio button. The browser groups none across shadow roots, so the element around them does: arrows move and choose. */
export class CrowdRadioButton extends Switch {
  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute("role", "radio");
    this.addEventListener("click", this.choose);
    this.addEventListener("keydown", this.onKey);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener("click", this.choose);
    this.removeEventListener("keydown", this.onKey);
  }

  private get group(): CrowdRadioButton[] {
    const group = this.closest("crowd-radio-group");
    return group === null ? [this] : [...group.querySelectorAll<CrowdRadioButton>("crowd-radio-button")];
  }

  private readonly choose = (): void => {
    if (this.isDisabled || this.checked) return;
    for (const button of this.group) button.state = button === this;
    this.focus();
    this.changed();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const forward = getComputedStyle(this).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const back = forward === "ArrowLeft" ? "ArrowRight" : "ArrowLeft";
    if (event.key === " " || event.key === "Enter") this.choose();
    else if (event.key === "ArrowDown" || event.key === forward) this.neighbour(1)?.choose();
    else if (event.key === "ArrowUp" || event.key === back) this.neighbour(-1)?.choose();
    else return;
    event.preventDefault();
  };

  private neighbour(step: 1 | -1): CrowdRadioButton | undefined {
    const enabled = this.group.filter((button) => !button.isDisabled);
    return enabled[(enabled.indexOf(this) + step + enabled.length) % enabled.length];
  }

  protected override updated(): void {
    this.setAttribute("aria-checked", String(this.checked));
    this.setAttribute("aria-disabled", String(this.isDisabled));
    // One stop of the Tab key per group: the chosen button, or the first.
    const group = this.group;
    const stop = group.find((button) => button.checked) ?? group.find((button) => !button.isDisabled);
    for (const button of group) button.tabIndex = button === stop ? 0 : -1;
  }

  protected override render(): TemplateResult {
    return html`<span class="dot" data-on=${this.checked}></span><slot></slot>`;
  }

  static override styles: CSSResultGroup = [
    Field.styles,
    css`
      :host {
        display: inline-flex;
        align-items: center;
        gap: 0.5rem;
        min-block-size: 2rem;
        margin-inline-end: 1rem;
        cursor: pointer;
        border-radius: 0.3rem;
      }
      :host(:focus-visible) {
        outline: 3px solid #1a73e8;
        outline-offset: 2px;
      }
      .dot {
        inline-size: 1.15rem;
        block-size: 1.15rem;
        border: 2px solid var(--quiet-ink);
        border-radius: 50%;
        flex: none;
      }
      .dot[data-on="true"] {
        border-color: var(--accent);
        box-shadow: inset 0 0 0 3px #ffffff;
        background: var(--accent);
      }
      :host([disabled]) {
        opacity: 0.55;
      }
    `,
  ];
}

export class CrowdRadioGroup extends HTMLElement {
  connectedCallback(): void {
    this.setAttribute("role", "radiogroup");
  }
}

export class CrowdSlider extends Field {
  static override properties = { chosen: { state: true } };
  /** Undefined until somebody or a script moved it. */
  declare chosen: number | undefined;

  private limit(attribute: string, otherwise: number): number {
    const value = Number(this.getAttribute(attribute) ?? Number.NaN);
    return Number.isFinite(value) ? value : otherwise;
  }

  get value(): number {
    return this.chosen ?? this.limit("value", this.limit("min", 0));
  }

  set value(value: number) {
    this.chosen = Number(value);
  }

  get answer(): unknown {
    return this.value;
  }

  restore(answer: unknown): void {
    if (typeof answer === "number" && Number.isFinite(answer)) this.chosen = answer;
  }

  faults(): string[] {
    const isUntouched = this.chosen === undefined && !this.hasAttribute("value");
    return this.isRequired && !this.isDisabled && isUntouched ? [elementTexts().chooseIn(this.called)] : [];
  }

  protected override render(): TemplateResult {
    const take = (event: Event): void => {
      event.stopPropagation();
      const value = (event.target as HTMLInputElement).valueAsNumber;
      if (Number.isNaN(value)) return;
      this.chosen = Math.min(this.limit("max", 100), Math.max(this.limit("min", 0), value));
      this.changed();
    };
    const input = (type: "range" | "number"): TemplateResult => html`<input
      type=${type}
      min=${this.limit("min", 0)}
      max=${this.limit("max", 100)}
      step=${this.limit("step", 1)}
      .value=${String(this.value)}
      aria-label=${this.called}
      ?disabled=${this.isDisabled}
      @input=${take}
    />`;
    return html`<div class="row">${input("range")} ${isOn(this, "editable") ? input("number") : html`<output>${this.value}</output>`}</div>`;
  }

  static override styles: CSSResultGroup = [
    Field.styles,
    css`
      .row {
        display: flex;
        align-items: center;
        gap: 0.75rem;
        max-inline-size: 30rem;
      }
      input[type="range"] {
        flex: 1;
        min-inline-size: 0;
      }
      input[type="number"] {
        inline-size: 6rem !important;
      }
    `,
  ];
}
