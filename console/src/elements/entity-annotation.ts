/** `crowd-entity-annotation`: marks words and phrases of a text, by mouse, touch and keyboard; marks may overlap.
 *
 * The text stands in the light tree, where every browser tells what a reader selected; the panes around it are in the shadow. The element
 * brings its own form and submit button (page sms-ui-template-crowd-entity-annotation), unless a form is around it already.
 */

import { css, html, nothing, render, type CSSResultGroup, type PropertyValues, type TemplateResult } from "lit";
import { elementTexts } from "../languages/elements";
import { AnnotationWidget } from "./annotation-widget";
import { isRecord, labelCategories, tolerantJson, type LabelCategory } from "./attributes";
import { entitiesOf, inOrder, isSame, marksOf, segments, TextOffsets, type Mark, type Segment } from "./entity-marks";
import { labelList, labelListStyles } from "./label-list";
import { inkOn, isTyping, labelColour, labelPattern, patternBackground } from "./labels";

/** How many steps can be undone. */
const STEPS_KEPT = 200;
const LANE = 5;

export class CrowdEntityAnnotation extends AnnotationWidget {
  static override properties = {
    ...AnnotationWidget.properties,
    text: { type: String },
    labels: { type: String },
    initialValue: { attribute: "initial-value" },
    filter: { state: true },
    current: { state: true },
    active: { state: true },
    announcement: { state: true },
  };

  declare text: string | null;
  declare labels: string | null;
  declare initialValue: string | null;
  declare filter: string;
  /** The label that a selection is marked with. */
  declare current: string | undefined;
  /** The mark that keys and the label list act on. */
  declare active: Mark | undefined;
  declare announcement: string;

  private marks: readonly Mark[] = [];
  private readonly undone: (readonly Mark[])[] = [];
  private readonly done: (readonly Mark[])[] = [];
  private offsets = new TextOffsets("");
  private readonly page = document.createElement("div");
  /** The last range that the reader selected in the text, which the next chosen label marks. */
  private selected: { start: number; end: number } | undefined;
  private readonly onSelection = (): void => this.noteSelection();

  constructor() {
    super();
    this.filter = "";
    this.announcement = "";
    this.page.slot = "marked-text";
    this.page.className = "groundwork-text";
    this.page.tabIndex = 0;
    this.page.dir = "auto";
    this.page.setAttribute("role", "group");
    this.page.addEventListener("pointerup", (event) => this.onPointerUp(event));
    this.page.addEventListener("keydown", (event) => this.onTextKey(event));
    this.page.addEventListener("focus", () => this.placeCaret());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("selectionchange", this.onSelection);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("selectionchange", this.onSelection);
  }

  private get categories(): LabelCategory[] {
    return labelCategories(this.getAttribute("labels"));
  }

  get answer(): unknown {
    this.readText();
    return { entities: entitiesOf(this.marks, this.offsets) };
  }

  faults(): string[] {
    return this.categories.length === 0 ? [elementTexts().noLabels] : [];
  }

  restore(answer: unknown): void {
    if (!isRecord(answer)) return;
    this.readText();
    this.marks = marksOf(answer.entities, this.offsets, new Set(this.categories.map(({ label }) => label)));
    this.active = undefined;
    this.requestUpdate();
  }

  /** The first marks are those of `initial-value`; another text begins anew. */
  private readText(): void {
    const text = this.getAttribute("text") ?? "";
    if (this.offsets.text === text) return;
    this.offsets = new TextOffsets(text);
    this.marks = marksOf(tolerantJson(this.getAttribute("initial-value")), this.offsets, new Set(this.categories.map(({ label }) => label)));
  }

  protected override willUpdate(): void {
    this.readText();
    const [first] = this.categories;
    this.current ??= first?.label;
  }

  protected override updated(_changed: PropertyValues): void {
    if (this.page.parentNode !== this) this.append(this.page);
    const words = elementTexts();
    this.page.setAttribute("aria-label", words.text);
    this.page.setAttribute("aria-description", words.markHelp);
    const selected = this.selected;
    render(html`<style>${TEXT_STYLES}</style>${segments(this.offsets.text, this.marks).map((segment) => this.renderSegment(segment))}`, this.page);
    // Drawing the text anew moved the ends of what was selected.
    if (selected !== undefined && document.activeElement === this.page) this.select(selected.start, selected.end);
  }

  // --- marking ---------------------------------------------------------------------------------------------------------

  private mark(range: { start: number; end: number }, label: string): void {
    const words = elementTexts();
    const trimmed = this.offsets.trimmed(range.start, range.end);
    if (trimmed === undefined) return;
    const made: Mark = { label, ...trimmed };
    if (this.marks.some((mark) => isSame(mark, made))) {
      this.announcement = words.alreadyMarked(this.textOf(made), this.shown(label));
      return;
    }
    this.replaceMarks([...this.marks, made]);
    // Not active: the label that is chosen next is for what will be selected, not for this.
    this.active = undefined;
    this.announcement = words.marked(this.textOf(made), this.shown(label));
  }

  private unmark(mark: Mark): void {
    this.replaceMarks(this.marks.filter((other) => !isSame(other, mark)));
    this.announcement = elementTexts().unmarked(this.textOf(mark), this.shown(mark.label));
    if (this.active && isSame(this.active, mark)) this.active = undefined;
  }

  private relabel(mark: Mark, label: string): void {
    const made = { ...mark, label };
    if (isSame(mark, made)) return;
    this.replaceMarks([...this.marks.filter((other) => !isSame(other, mark) && !isSame(other, made)), made]);
    this.active = made;
    this.announcement = elementTexts().relabeled(this.textOf(made), this.shown(label));
  }

  /** Chooses a label: for what is selected, else for the mark that is active, else for what will be selected. */
  private choose(label: string): void {
    this.current = label;
    const selected = this.selected;
    if (selected !== undefined) {
      this.mark(selected, label);
      this.unselect(selected.end);
    } else if (this.active !== undefined) {
      this.relabel(this.active, label);
    }
  }

  protected chooseByKey(position: number): boolean {
    const category = this.categories[position];
    if (category === undefined) return false;
    this.choose(category.label);
    return true;
  }

  private replaceMarks(marks: readonly Mark[]): void {
    this.done.push(this.marks);
    if (this.done.length > STEPS_KEPT) this.done.shift();
    this.undone.length = 0;
    this.marks = inOrder(marks);
    this.changed();
  }

  private step(from: (readonly Mark[])[], to: (readonly Mark[])[]): void {
    const marks = from.pop();
    if (marks === undefined) return;
    to.push(this.marks);
    this.marks = marks;
    this.active = undefined;
    this.changed();
  }

  private textOf(mark: Mark): string {
    return this.offsets.text.slice(mark.start, mark.end);
  }

  private shown(label: string): string {
    return this.categories.find((category) => category.label === label)?.fullName ?? label;
  }

  // --- selecting -------------------------------------------------------------------------------------------------------

  private noteSelection(): void {
    const selection = document.getSelection();
    const [anchor, focus] = selection === null ? [] : [selection.anchorNode, selection.focusNode];
    if (!selection || !anchor || !focus || !this.page.contains(anchor) || !this.page.contains(focus)) {
      // A click into the label list takes the selection away, and is meant for it; a click elsewhere in the text is not.
      return;
    }
    const [from, to] = [this.position(anchor, selection.anchorOffset), this.position(focus, selection.focusOffset)];
    this.selected = from === to ? undefined : { start: Math.min(from, to), end: Math.max(from, to) };
    this.showCaret(selection);
  }

  /** The position in the text of a place in the tree. */
  private position(node: Node, offset: number): number {
    if (node === this.page) {
      // Between children: the beginning of the segment behind, or the end.
      const behind = [...this.page.childNodes].slice(offset).find((child) => child instanceof HTMLElement && child.dataset.start !== undefined);
      return behind instanceof HTMLElement ? Number(behind.dataset.start) : this.offsets.text.length;
    }
    const segment = (node instanceof Element ? node : node.parentElement)?.closest<HTMLElement>("[data-start]");
    if (!segment) return 0;
    const start = Number(segment.dataset.start);
    if (node.nodeType === Node.TEXT_NODE && node.parentElement === segment) return start + offset;
    const isBehind = node === segment && offset > 0;
    return isBehind ? start + (segment.textContent?.length ?? 0) : start;
  }

  /** The place in the tree of a position in the text. */
  private place(position: number): { node: Node; offset: number } {
    let last: { node: Node; offset: number } = { node: this.page, offset: 0 };
    for (const segment of this.page.querySelectorAll<HTMLElement>("[data-start]")) {
      const text = [...segment.childNodes].find((child) => child.nodeType === Node.TEXT_NODE && (child.textContent ?? "") !== "");
      if (text === undefined) continue;
      const start = Number(segment.dataset.start);
      const length = text.textContent?.length ?? 0;
      last = { node: text, offset: Math.min(Math.max(position - start, 0), length) };
      if (position <= start + length) break;
    }
    return last;
  }

  private select(start: number, end: number): void {
    const [from, to] = [this.place(start), this.place(end)];
    document.getSelection()?.setBaseAndExtent(from.node, from.offset, to.node, to.offset);
  }

  private unselect(position: number): void {
    this.selected = undefined;
    void this.updateComplete.then(() => {
      if (document.activeElement === this.page) this.select(position, position);
      else document.getSelection()?.removeAllRanges();
    });
  }

  private placeCaret(): void {
    const selection = document.getSelection();
    if (selection?.anchorNode && this.page.contains(selection.anchorNode)) return;
    this.select(this.active?.start ?? 0, this.active?.start ?? 0);
  }

  /** Browsers draw no caret in text that nobody can edit, so this does. */
  private showCaret(selection: Selection): void {
    const isShown = selection.isCollapsed && document.activeElement === this.page && selection.rangeCount > 0;
    const box = isShown ? selection.getRangeAt(0).getClientRects?.()[0] : undefined;
    const around = this.page.getBoundingClientRect();
    this.page.toggleAttribute("data-caret", box !== undefined);
    if (box === undefined) return;
    this.page.style.setProperty("--caret-left", `${box.left - around.left + this.page.scrollLeft}px`);
    this.page.style.setProperty("--caret-top", `${box.top - around.top + this.page.scrollTop}px`);
    this.page.style.setProperty("--caret-height", `${box.height}px`);
  }

  private onPointerUp(event: PointerEvent): void {
    // Fingers drag the ends of a selection afterwards; a label is chosen when it is right.
    if (event.pointerType === "touch" || event.button !== 0) return;
    this.noteSelection();
    if (this.selected !== undefined && this.current !== undefined) {
      const selected = this.selected;
      this.mark(selected, this.current);
      this.unselect(selected.end);
      return;
    }
    const segment = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-start]") : null;
    this.active = segment === null ? undefined : this.shortestAt(Number(segment.dataset.start));
  }

  /** The shortest mark over a position: of marks within each other the inner one. */
  private shortestAt(position: number): Mark | undefined {
    return this.marks
      .filter((mark) => mark.start <= position && position < mark.end)
      .sort((one, other) => one.end - one.start - (other.end - other.start))[0];
  }

  private onTextKey(event: KeyboardEvent): void {
    if (isTyping(event)) return;
    if (this.moveByKey(event) || this.actByKey(event)) event.preventDefault();
  }

  private moveByKey(event: KeyboardEvent): boolean {
    if (event.altKey && (event.key === "ArrowRight" || event.key === "ArrowLeft")) return this.goToNeighbour(event.key === "ArrowRight" ? 1 : -1);
    const byWord = event.ctrlKey || event.metaKey;
    const moves: Record<string, [string, string]> = {
      ArrowLeft: ["left", byWord ? "word" : "character"],
      ArrowRight: ["right", byWord ? "word" : "character"],
      ArrowUp: ["backward", "line"],
      ArrowDown: ["forward", "line"],
      Home: ["backward", byWord ? "documentboundary" : "lineboundary"],
      End: ["forward", byWord ? "documentboundary" : "lineboundary"],
    };
    const move = moves[event.key];
    const selection = document.getSelection();
    if (move === undefined || selection === null || event.altKey) return false;
    this.placeCaret();
    const [before, offset] = [selection.focusNode, selection.focusOffset];
    const base = { node: selection.anchorNode, offset: selection.anchorOffset };
    selection.modify(event.shiftKey ? "extend" : "move", move[0], move[1]);
    if (before && !this.page.contains(selection.focusNode)) {
      // The text has an end; the selection stays in it.
      if (event.shiftKey && base.node) selection.setBaseAndExtent(base.node, base.offset, before, offset);
      else selection.collapse(before, offset);
    }
    this.noteSelection();
    const selected = this.selected;
    if (selected !== undefined) this.announcement = this.offsets.text.slice(selected.start, selected.end);
    else this.active = this.shortestAt(this.position(selection.focusNode ?? this.page, selection.focusOffset));
    return true;
  }

  private actByKey(event: KeyboardEvent): boolean {
    const commands = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (commands && key === "z" && !event.shiftKey) this.step(this.done, this.undone);
    else if (commands && (key === "y" || key === "z")) this.step(this.undone, this.done);
    else if (commands && key === "a") this.select(0, this.offsets.text.length);
    else if (key === "enter" && this.selected !== undefined && this.current !== undefined) this.choose(this.current);
    else if ((key === "delete" || key === "backspace") && this.active !== undefined) this.unmark(this.active);
    else if (key === "escape" && this.selected !== undefined) this.unselect(this.selected.start);
    else return false;
    return true;
  }

  private goToNeighbour(step: 1 | -1): boolean {
    if (this.marks.length === 0) return false;
    const at = this.marks.findIndex((mark) => this.active !== undefined && isSame(mark, this.active));
    const next = at === -1 ? (step === 1 ? 0 : this.marks.length - 1) : (at + step + this.marks.length) % this.marks.length;
    this.goTo(this.marks[next]!);
    return true;
  }

  private goTo(mark: Mark): void {
    this.active = mark;
    this.selected = undefined;
    this.page.focus();
    this.select(mark.start, mark.start);
    this.announcement = elementTexts().goToMark(this.textOf(mark), this.shown(mark.label));
    this.page.querySelector(`[data-start="${mark.start}"]`)?.scrollIntoView?.({ block: "nearest" });
  }

  // --- rendering -------------------------------------------------------------------------------------------------------

  private colourOf(label: string): string {
    return labelColour(this.categories.findIndex((category) => category.label === label));
  }

  private renderSegment(segment: Segment): TemplateResult {
    if (segment.marks.length === 0) return html`<span data-start=${segment.start}>${segment.text}</span>`;
    const isActive = segment.marks.some(({ mark }) => this.active !== undefined && isSame(mark, this.active));
    const inner = segment.marks[segment.marks.length - 1]!;
    const lines = segment.marks.map(({ mark, lane }) => `0 ${(lane + 1) * LANE}px 0 ${LANE * -0.4 + 0.5}px ${this.colourOf(mark.label)}`);
    const style = `--lane: ${this.colourOf(inner.mark.label)}; box-shadow: ${lines.join(", ")}`;
    const beginning = segment.marks.filter(({ mark }) => mark.start === segment.start);
    return html`<span class="marked" data-active=${isActive} data-start=${segment.start} style=${style}
      >${beginning.map(({ mark }) => this.renderTag(mark))}${segment.text}</span
    >`;
  }

  private renderTag(mark: Mark): TemplateResult {
    const colour = this.colourOf(mark.label);
    const short = this.categories.find((category) => category.label === mark.label)?.shortName ?? mark.label;
    return html`<span class="tag" data-short=${short} style="background: ${colour}; color: ${inkOn(colour)}"></span>`;
  }

  protected renderWork(): TemplateResult {
    const words = elementTexts();
    return html`
      <div class="tools">
        <button type="button" ?disabled=${this.done.length === 0} @click=${() => this.step(this.done, this.undone)}>↶ ${words.undo}</button>
        <button type="button" ?disabled=${this.undone.length === 0} @click=${() => this.step(this.undone, this.done)}>↷ ${words.redo}</button>
        <details>
          <summary>${words.markHelpTitle}</summary>
          <p>${words.markHelp}</p>
        </details>
      </div>
      <slot name="marked-text"></slot>
      <p class="unseen" role="status">${this.announcement}</p>
    `;
  }

  protected renderSide(): TemplateResult {
    const words = elementTexts();
    return html`
      ${labelList({
        categories: this.categories,
        chosen: new Set(this.current === undefined ? [] : [this.current]),
        coloured: true,
        filter: this.filter,
        onFilter: (typed) => (this.filter = typed),
        onChoose: (label) => this.choose(label),
      })}
      <h2 class="marks-title">${words.marks}</h2>
      ${this.marks.length === 0 ? html`<p class="none">${words.noMarks}</p>` : nothing}
      <ul class="marks">
        ${this.marks.map((mark) => this.renderMark(mark))}
      </ul>
    `;
  }

  private renderMark(mark: Mark): TemplateResult {
    const words = elementTexts();
    const position = this.categories.findIndex((category) => category.label === mark.label);
    const [text, label] = [this.textOf(mark), this.shown(mark.label)];
    const isActive = this.active !== undefined && isSame(mark, this.active);
    return html`<li data-active=${isActive}>
      <button type="button" class="go" aria-label=${words.goToMark(text, label)} aria-current=${isActive} @click=${() => this.goTo(mark)}>
        <span class="swatch" style="background: ${patternBackground(labelColour(position), labelPattern(position))}"></span>
        <bdi>${text}</bdi>
      </button>
      <button type="button" class="plain" aria-label=${words.removeMark(text, label)} @click=${() => this.unmark(mark)}>✕</button>
    </li>`;
  }

  protected override render(): TemplateResult {
    return this.parentElement?.closest("crowd-form") ? super.render() : html`<crowd-form>${super.render()}</crowd-form>`;
  }

  static override styles: CSSResultGroup = [
    AnnotationWidget.styles,
    labelListStyles,
    css`
      .tools {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem;
        align-items: start;
        margin-block-end: 0.6rem;
      }
      .tools details {
        flex: 1 1 12rem;
      }
      .tools summary {
        cursor: pointer;
        padding: 0.4rem 0.2rem;
      }
      .marks-title {
        margin-block-start: 1rem;
      }
      .marks {
        list-style: none;
        margin: 0;
        padding: 0;
        max-block-size: 20rem;
        overflow: auto;
      }
      .marks li {
        display: flex;
        align-items: center;
        gap: 0.2rem;
      }
      .marks li[data-active="true"] {
        background: #eaf3fc;
      }
      .marks .go {
        flex: 1;
        min-inline-size: 0;
        display: flex;
        align-items: center;
        gap: 0.5rem;
        border: 0;
        background: none;
        text-align: start;
        color: inherit;
      }
      .marks .go bdi {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .marks .swatch {
        inline-size: 1rem;
        block-size: 1rem;
        flex: none;
        border: 1px solid rgb(0 0 0 / 60%);
        border-radius: 0.2rem;
      }
      .none {
        color: var(--quiet-ink);
        margin: 0;
      }
    `,
  ];
}

const TEXT_STYLES = `
  .groundwork-text {
    position: relative;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
    font-size: 1.15rem;
    line-height: 2.5;
    padding: 0.75rem 1rem;
    border: 1px solid #8d99a8;
    border-radius: 0.6rem;
    cursor: text;
  }
  .groundwork-text:focus-visible {
    outline: 3px solid #1a73e8;
    outline-offset: 2px;
  }
  .groundwork-text[data-caret]:focus::after {
    content: "";
    position: absolute;
    left: calc(var(--caret-left) - 1px);
    top: var(--caret-top);
    width: 2px;
    height: var(--caret-height);
    background: #16191f;
    /* It stands where the mouse is when a selection begins, and must not take the mouse's place in the text. */
    pointer-events: none;
  }
  .groundwork-text .marked {
    background: color-mix(in srgb, var(--lane) 18%, transparent);
    border-radius: 0.15rem;
    cursor: pointer;
  }
  .groundwork-text .marked[data-active="true"] {
    outline: 2px solid #16191f;
  }
  .groundwork-text .tag {
    border-radius: 0.2rem;
    user-select: none;
    margin-inline-end: 0.2rem;
    padding: 0.1rem 0.25rem;
    font-size: 0.7rem;
    font-weight: 700;
    vertical-align: 0.55em;
  }
  .groundwork-text .tag::before {
    content: attr(data-short);
  }
`;
