/** `crowd-form`: gathers the answer from the elements in it, checks it, and hands it in.
 *
 * Scripts in templates use it like a form: `onsubmit` may refuse by `preventDefault()`, `.form` is where further elements may be
 * appended, `.submit()` submits. Native inputs answer like their `crowd-` siblings: text as text, boxes and radio buttons as
 * `{value: true or false}` (page sms-ui-template-crowd-form; the shape of radio buttons and boxes is that of their own pages).
 */

import { elementTexts } from "../languages/elements";
import { onLanguageChange } from "../languages/language";
import { ANNOTATION_CHANGED, isAnnotationElement, type AnnotationElement } from "./annotation-element";
import { isRecord } from "./attributes";
import { sharedStyles } from "./styles";

/** Fired on the form, bubbling and composed, after each change of the answer. */
export const ANSWER_CHANGED = "answer-changed";

/** The same, when a worker submits: nothing keeps the answer from being submitted, and no script of the template refused. */
export const ANSWER_SUBMITTED = "answer-submitted";

export type Answer = Record<string, unknown>;
type NativeField = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const SUBMITTERS = 'crowd-button[form-action="submit"], button[type="submit"], input[type="submit"]';
const RESETTERS = 'crowd-button[form-action="reset"], button[type="reset"], input[type="reset"]';
const NATIVE_FIELDS = "input[name], select[name], textarea[name]";

export class CrowdForm extends HTMLElement {
  /** The form proper. Elements appended to it stand behind the template's own and are part of the answer. */
  readonly form: HTMLFormElement;
  private readonly faultList: HTMLElement;
  private readonly ownButton: HTMLButtonElement;
  private readonly observer = new MutationObserver(() => this.showOwnButton());
  private endLanguageChange: (() => void) | undefined;
  private initial: Answer | undefined;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = sharedStyles.cssText + FORM_STYLES;
    this.form = document.createElement("form");
    this.form.noValidate = true;
    this.form.append(slot("short-instructions"), slot(), slot("full-instructions"));
    this.faultList = document.createElement("div");
    this.faultList.className = "faults";
    this.faultList.setAttribute("role", "alert");
    this.ownButton = document.createElement("button");
    this.ownButton.type = "button";
    this.ownButton.className = "primary submit";
    const footer = document.createElement("div");
    footer.className = "footer";
    footer.append(this.faultList, this.ownButton);
    root.append(style, this.form, footer);

    this.ownButton.addEventListener("click", () => this.requestSubmit());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopPropagation();
    });
    for (const type of [ANNOTATION_CHANGED, "input", "change"]) this.listen(type, (event) => this.hearChange(event));
    this.listen("click", (event) => this.hearClick(event));
    root.addEventListener("slotchange", () => this.showOwnButton());
  }

  connectedCallback(): void {
    this.endLanguageChange = onLanguageChange(() => this.showOwnButton());
    this.observer.observe(this, { childList: true, subtree: true, attributeFilter: ["form-action", "type"] });
    this.showOwnButton();
  }

  disconnectedCallback(): void {
    this.endLanguageChange?.();
    this.observer.disconnect();
  }

  /** The answer so far: one entry for each element and field that has a name and something to say. */
  answer(): Answer {
    const answer: Answer = {};
    const add = (name: string, part: unknown): void => {
      if (name === "" || part === undefined) return;
      const before = Object.hasOwn(answer, name) ? answer[name] : undefined;
      // Boxes of the same name are properties of one object. A name like __proto__ is a name like any other.
      const value = isRecord(before) && isRecord(part) ? { ...before, ...part } : part;
      Object.defineProperty(answer, name, { value, enumerable: true, configurable: true, writable: true });
    };
    for (const element of this.annotationElements()) add(element.name, element.answer);
    for (const field of this.nativeFields()) add(field.name, nativeAnswer(field));
    return answer;
  }

  /** What keeps the answer from being submitted. */
  faults(): string[] {
    return [...this.annotationElements().flatMap((element) => element.faults()), ...this.nativeFields().flatMap(nativeFaults)];
  }

  /** To be called once the page is complete: a reset goes back to how it is now. Then takes up a draft, if there is one. */
  begin(draft?: Answer): void {
    this.initial = this.answer();
    if (draft !== undefined) this.restore(draft);
  }

  private restore(answer: Answer): void {
    for (const element of this.annotationElements()) {
      if (Object.hasOwn(answer, element.name)) element.restore(answer[element.name]);
    }
    for (const field of this.nativeFields()) {
      if (Object.hasOwn(answer, field.name)) restoreNative(field, answer[field.name]);
    }
  }

  /** What the submit button does: hands the answer in, unless it has faults or a script of the template refuses. */
  requestSubmit(): void {
    if (this.hasFaults() || !this.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }))) return;
    this.dispatchEvent(new CustomEvent(ANSWER_SUBMITTED, { bubbles: true, composed: true }));
  }

  /** The same without asking scripts, as a native form's `submit()`: scripts that refused for a while use it. */
  submit(): void {
    if (!this.hasFaults()) this.dispatchEvent(new CustomEvent(ANSWER_SUBMITTED, { bubbles: true, composed: true }));
  }

  reset(): void {
    this.form.reset();
    if (this.initial !== undefined) this.restore(this.initial);
    this.dispatchEvent(new CustomEvent(ANSWER_CHANGED, { bubbles: true, composed: true }));
  }

  /** Hears events of the template's own elements, and of what was appended to `.form`: each once, with its own target. */
  private listen(type: string, listener: (event: Event) => void): void {
    this.addEventListener(type, (event) => {
      if (event.target !== this) listener(event);
    });
    const root = this.shadowRoot!;
    root.addEventListener(type, (event) => {
      if (event.target instanceof Node && event.target.getRootNode() === root) listener(event);
    });
  }

  private hasFaults(): boolean {
    const faults = this.faults();
    this.showFaults(faults);
    return faults.length > 0;
  }

  private hearChange(event: Event): void {
    if (this.faultList.childElementCount > 0) this.showFaults(this.faults());
    if (event.type !== ANNOTATION_CHANGED && !(event.target instanceof HTMLElement && event.target.matches(NATIVE_FIELDS))) return;
    this.dispatchEvent(new CustomEvent(ANSWER_CHANGED, { bubbles: true, composed: true }));
  }

  private hearClick(event: Event): void {
    const target = event.target;
    if (!(target instanceof Element)) return;
    const button = target.closest(`${SUBMITTERS}, ${RESETTERS}`);
    if (button === null || button.hasAttribute("disabled") || button.hasAttribute("loading")) return;
    event.preventDefault();
    if (button.matches(SUBMITTERS)) this.requestSubmit();
    else this.reset();
  }

  /** The elements whose parts make the answer. An element may hold this form in its shadow; then it is one of them. */
  private annotationElements(): AnnotationElement[] {
    return this.within("*").filter(isAnnotationElement);
  }

  private nativeFields(): NativeField[] {
    return this.within<NativeField>(NATIVE_FIELDS).filter((field) => !field.disabled);
  }

  private within<Found extends Element>(selector: string): Found[] {
    const root = this.getRootNode();
    const around = root instanceof ShadowRoot ? root.host : undefined;
    const found: Found[] = [];
    for (const place of [around, this, this.form]) {
      if (place === undefined) continue;
      if (place === around && place.matches(selector)) found.push(place as unknown as Found);
      found.push(...place.querySelectorAll<Found>(selector));
    }
    // What the element around this form draws for itself is no field of the template.
    return around === undefined ? found : found.filter((element) => element.getRootNode() !== root);
  }

  private showOwnButton(): void {
    this.ownButton.hidden = this.within(SUBMITTERS).length > 0;
    this.ownButton.textContent = elementTexts().submit;
  }

  private showFaults(faults: readonly string[]): void {
    if (faults.length === 0) {
      this.faultList.replaceChildren();
      return;
    }
    const title = document.createElement("p");
    title.textContent = elementTexts().beforeSubmitting;
    const list = document.createElement("ul");
    list.append(
      ...faults.map((fault) => {
        const item = document.createElement("li");
        item.textContent = fault;
        return item;
      }),
    );
    this.faultList.replaceChildren(title, list);
  }
}

function slot(name?: string): HTMLSlotElement {
  const made = document.createElement("slot");
  if (name !== undefined) made.name = name;
  return made;
}

/** The part of a native field: undefined where it says nothing of its own, like a button. */
function nativeAnswer(field: NativeField): unknown {
  if (!(field instanceof HTMLInputElement)) return field instanceof HTMLSelectElement && field.multiple ? chosenOptions(field) : field.value;
  if (field.type === "checkbox" || field.type === "radio") return { [field.value]: field.checked };
  return ["submit", "reset", "button", "image", "file"].includes(field.type) ? undefined : field.value;
}

function chosenOptions(field: HTMLSelectElement): string[] {
  return [...field.selectedOptions].map((option) => option.value);
}

function nativeFaults(field: NativeField): string[] {
  if (field.validity.valid) return [];
  const words = elementTexts();
  const called = field.labels?.[0]?.textContent?.trim() || field.getAttribute("aria-label") || field.name;
  return [field.validity.valueMissing ? words.fillIn(called) : words.mend(called, field.validationMessage)];
}

function restoreNative(field: NativeField, part: unknown): void {
  if (field instanceof HTMLInputElement && (field.type === "checkbox" || field.type === "radio")) {
    if (isRecord(part) && typeof part[field.value] === "boolean") field.checked = part[field.value] as boolean;
  } else if (field instanceof HTMLSelectElement && field.multiple) {
    for (const option of field.options) option.selected = Array.isArray(part) && part.includes(option.value);
  } else if (typeof part === "string") {
    field.value = part;
  }
}

const FORM_STYLES = `
  :host {
    display: block;
  }
  .footer {
    display: flex;
    flex-wrap: wrap;
    justify-content: flex-end;
    align-items: center;
    gap: 0.75rem 1rem;
    padding: 0.5rem 1rem;
    /* In sight wherever the page is scrolled to. */
    position: sticky;
    inset-block-end: 0;
    z-index: 3;
    background: var(--ground);
    border-block-start: 1px solid var(--faint-line);
  }
  /* A template may bring its own button. */
  .footer:not(:has(.submit:not([hidden]), .faults > *)) {
    display: none;
  }
  .faults {
    flex: 1 1 16rem;
    color: var(--alarm);
  }
  .faults p {
    font-weight: 700;
    margin: 0;
  }
  .faults ul {
    margin: 0.2rem 0 0;
    padding-inline-start: 1.2rem;
  }
  .submit {
    min-inline-size: 9rem;
    min-block-size: 2.75rem;
  }
  [hidden] {
    display: none;
  }
`;
