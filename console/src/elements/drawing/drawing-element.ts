/** What all drawing elements share: the stage, the tools above it, the view's settings, help, and what is said to screen readers. */

import { css, html, nothing, type TemplateResult } from "lit";
import { drawingTexts } from "../../languages/drawing";
import { AnnotationWidget } from "../annotation-widget";
import { isOn, type LabelCategory, labelCategories, tolerantJson } from "../attributes";
import { labelList, labelListStyles } from "../label-list";
import { isTyping } from "../labels";
import { DrawingStage, type StageListener } from "./drawing-stage";
import type { Editor, EditorListener, Happening, Tool } from "./editor";
import type { Point, Size } from "./geometry";
import { type Icon, icon } from "./icons";
import type { Painter } from "./painter";

/** How a tool looks and which key takes it; the words are the element's. */
export interface ToolButton {
  readonly icon: Icon;
  readonly key: string;
  readonly name: string;
  readonly hint: string;
}

// Moves of the cursor are said when it rests.
const REST_OF_CURSOR = 300;

export abstract class DrawingElement<Edits extends Editor> extends AnnotationWidget implements StageListener, EditorListener {
  static override properties = {
    ...AnnotationWidget.properties,
    src: { type: String },
    labels: { type: String },
    initialValue: { type: String, attribute: "initial-value" },
    disabled: { type: String },
  };

  declare src: string | null;
  declare labels: string | null;
  declare initialValue: string | null;
  declare disabled: string | null;

  protected editor: Edits | undefined;
  protected painter: Painter | undefined;
  /** An answer to take up as soon as the picture's size is known. */
  protected draft: unknown;
  #failed = false;
  #nothingToLabel = false;
  #answer: unknown;
  #shown = "";
  #said = "";
  #cursorTimer: ReturnType<typeof setTimeout> | undefined;
  #filter = "";
  #brightness = 1;
  #contrast = 1;
  #names = true;
  #labelsShown = true;
  #crosshair = false;

  constructor() {
    super();
    if (!customElements.get("drawing-stage")) customElements.define("drawing-stage", DrawingStage);
    this.src = this.labels = this.initialValue = this.disabled = null;
    this.addEventListener("keydown", (event) => this.#key(event));
  }

  // --- what each element brings --------------------------------------------------------------------------------------

  protected abstract buttons(): Partial<Record<Tool, ToolButton>>;
  /** The editor for a picture of this size, with what `initial-value` and the draft bring. */
  protected abstract open(size: Size): { editor: Edits; painter: Painter };
  /** Takes a draft into the editor that is open. */
  protected abstract takeUp(answer: unknown): void;
  protected abstract makeAnswer(editor: Edits | undefined): unknown;
  protected abstract isEmpty(editor: Edits): boolean;
  /** Whether the labels at rest have to be drawn again. */
  protected abstract restIsStale(editor: Edits, answer: boolean): boolean;
  /** What the side and the tools show of the editor, as text: they are rendered when it changes. */
  protected abstract state(editor: Edits): string;
  protected abstract renderList(editor: Edits): unknown;
  protected abstract renderExtraTools(editor: Edits): unknown;
  protected abstract drawFirst(): string;
  protected labelTitle(): string | undefined {
    return undefined;
  }
  /** Colours that the template's author chose for the labels. */
  protected labelColors(): readonly string[] {
    return [];
  }
  /** Whether something besides the picture is still on its way. */
  protected get isLoading(): boolean {
    return false;
  }
  /** What else keeps the answer from being submitted. */
  protected otherFault(): string | undefined {
    return undefined;
  }

  // --- the answer ------------------------------------------------------------------------------------------------------

  override get answer(): unknown {
    if (!this.editor && this.draft !== undefined) return this.draft;
    this.#answer ??= this.makeAnswer(this.editor);
    return this.#answer;
  }

  override faults(): string[] {
    const words = drawingTexts();
    if (this.#failed) return [words.failed];
    const other = this.otherFault();
    if (other) return [other];
    if (!this.editor || this.isLoading) return [words.loading];
    if (this.editor.canFinish) return [words.unfinished];
    return this.isEmpty(this.editor) && !this.#nothingToLabel ? [this.drawFirst()] : [];
  }

  override restore(answer: unknown): void {
    this.draft = answer;
    this.#answer = undefined;
    if (!this.editor) return;
    this.takeUp(answer);
    this.changed(true);
  }

  protected get categories(): LabelCategory[] {
    return labelCategories(this.labels);
  }

  protected get labelNames(): string[] {
    return this.categories.map(({ label }) => label);
  }

  protected get initial(): unknown {
    return tolerantJson(this.initialValue);
  }

  protected get isDisabled(): boolean {
    return isOn(this, "disabled");
  }

  protected get stage(): DrawingStage | null {
    return this.renderRoot.querySelector<DrawingStage>("drawing-stage");
  }

  // --- what the stage and the editor tell ------------------------------------------------------------------------------

  pictureLoaded(size: Size): void {
    this.#failed = false;
    this.#answer = undefined;
    if (this.labelNames.length > 0) {
      const { editor, painter } = this.open(size);
      this.editor = editor;
      this.painter = painter;
      if (this.draft !== undefined) this.takeUp(this.draft);
    }
    this.say(drawingTexts().saidLoaded(size.width, size.height));
    this.requestUpdate();
  }

  pictureFailed(): void {
    this.#failed = true;
    this.requestUpdate();
  }

  pointed(at: Point | undefined, byKeys: boolean): void {
    const place = this.renderRoot.querySelector(".position");
    const words = drawingTexts();
    const size = this.stage?.size;
    const inside = at && size && at.x >= 0 && at.y >= 0 && at.x <= size.width && at.y <= size.height;
    // Written past the template: it changes with every move.
    if (place) place.textContent = inside ? words.position(Math.floor(at.x), Math.floor(at.y)) : "";
    if (!byKeys || !at) return;
    clearTimeout(this.#cursorTimer);
    this.#cursorTimer = setTimeout(() => this.say(words.position(at.x, at.y)), REST_OF_CURSOR);
  }

  zoomed(scale: number): void {
    const place = this.renderRoot.querySelector(".scale");
    if (place) place.textContent = drawingTexts().magnified(Math.round(scale * 100));
  }

  /** As the editor's listener: something looks different, the answer too when `answer` is true. As the widget's: the answer changed. */
  override changed(answer = true): void {
    const editor = this.editor;
    if (!editor) return;
    this.stage?.refresh(this.restIsStale(editor, answer));
    if (answer) {
      this.#answer = undefined;
      if (!this.isEmpty(editor)) this.#nothingToLabel = false;
      super.changed();
    }
    this.#renderIfShown();
  }

  happened(happening: Happening): void {
    this.say(sentence(happening));
    if ("place" in happening && happening.what !== "removed" && happening.place.width + happening.place.height > 0) this.stage?.reveal(happening.place);
  }

  /** Says something to screen readers, also what was said just before. */
  protected say(text: string): void {
    this.#said = text === this.#said ? `${text}\u00a0` : text;
    clearTimeout(this.#cursorTimer);
    const region = this.renderRoot.querySelector("[role=status].said");
    if (region) region.textContent = this.#said;
  }

  #renderIfShown(): void {
    const editor = this.editor!;
    const shown = [editor.tool, editor.label, editor.canUndo, editor.canRedo, editor.canFinish, this.state(editor)].join("|");
    if (shown !== this.#shown) this.requestUpdate();
    this.#shown = shown;
  }

  // --- what workers do outside the stage -------------------------------------------------------------------------------

  protected override chooseByKey(position: number): boolean {
    const label = this.categories[position];
    if (!label || !this.editor || this.isDisabled) return false;
    this.#chooseLabel(position);
    return true;
  }

  #chooseLabel(position: number): void {
    this.editor?.chooseLabel(position);
    this.say(drawingTexts().saidLabel(this.categories[position]!.fullName));
  }

  #chooseTool(tool: Tool): void {
    if (!this.editor || this.isDisabled) return;
    this.stage?.liftPen();
    this.editor.chooseTool(tool);
    this.say(drawingTexts().saidTool(this.buttons()[tool]?.name ?? ""));
  }

  #key(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || isTyping(event) || this.renderRoot.querySelector("dialog[open]")) return;
    const onStage = event.composedPath().some((node) => node === this.stage);
    if (this.#command(event) || (onStage && this.stage?.key(event)) || (onStage && this.#stageCommand(event))) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** Commands that mean the same wherever in the element the focus is. */
  #command(event: KeyboardEvent): boolean {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || this.isDisabled) return false;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) this.#edit((editor) => editor.undo());
    else if (key === "y" || key === "z") this.#edit((editor) => editor.redo());
    else return false;
    return true;
  }

  #stageCommand(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const view: Record<string, () => void> = {
      "+": () => this.stage?.zoom(1),
      "=": () => this.stage?.zoom(1),
      "-": () => this.stage?.zoom(-1),
      f: () => this.stage?.showAll(),
      l: () => this.#setView({ names: !this.#names }),
      o: () => this.#setView({ labelsShown: !this.#labelsShown }),
      c: () => this.#setView({ crosshair: !this.#crosshair }),
      "?": () => this.#openHelp(),
    };
    const edits: Record<string, (editor: Edits) => void> = {
      Escape: (editor) => {
        this.stage?.liftPen();
        editor.cancel();
      },
      Delete: (editor) => editor.remove(),
      Backspace: (editor) => editor.remove(),
      ".": (editor) => editor.next(1),
      ",": (editor) => editor.next(-1),
      h: (editor) => editor.nextHandle(),
      ...this.moreKeys(),
    };
    const tool = Object.entries(this.buttons()).find(([, button]) => button.key.toLowerCase() === key)?.[0] as Tool | undefined;
    if (view[key]) view[key]();
    else if (tool) this.#chooseTool(tool);
    else if (edits[key] && !this.isDisabled) this.#edit(edits[key]);
    else return false;
    return true;
  }

  /** Keys of one element alone. */
  protected moreKeys(): Record<string, (editor: Edits) => void> {
    return {};
  }

  #edit(change: (editor: Edits) => void): void {
    if (this.editor) change(this.editor);
  }

  #setView(change: { brightness?: number; contrast?: number; names?: boolean; labelsShown?: boolean; crosshair?: boolean }): void {
    this.#brightness = change.brightness ?? this.#brightness;
    this.#contrast = change.contrast ?? this.#contrast;
    this.#names = change.names ?? this.#names;
    this.#labelsShown = change.labelsShown ?? this.#labelsShown;
    this.#crosshair = change.crosshair ?? this.#crosshair;
    this.requestUpdate();
  }

  #openHelp(): void {
    this.renderRoot.querySelector<HTMLDialogElement>("dialog.help")?.showModal();
  }

  // --- what is seen ----------------------------------------------------------------------------------------------------

  protected override updated(): void {
    const stage = this.stage;
    if (!stage) return;
    stage.listener = this;
    stage.editor = this.isDisabled || this.isLoading ? undefined : this.editor;
    stage.painter = this.painter;
    stage.names = this.#names;
    stage.labelsShown = this.#labelsShown;
    stage.crosshair = this.#crosshair;
    stage.dataset.tool = stage.editor?.tool ?? "none";
    stage.requestUpdate();
    stage.refresh(true);
  }

  protected override renderWork(): TemplateResult {
    const words = drawingTexts();
    const tool = this.editor && this.buttons()[this.editor.tool];
    return html`
      ${this.#failed ? html`<p class="problem" role="alert">${words.failed}</p>` : nothing}
      ${this.otherFault() ? html`<p class="problem" role="alert">${this.otherFault()}</p>` : nothing} ${this.#renderTools()}
      <div class="stage">
        <drawing-stage
          .src=${this.src}
          .name=${words.stage(this.header ?? "")}
          .explanation=${words.stageHelp}
          .brightness=${this.#brightness}
          .contrast=${this.#contrast}
        ></drawing-stage>
      </div>
      <div class="below">
        <span class="hint">${this.#failed ? "" : this.editor && !this.isLoading ? (tool?.hint ?? "") : words.loading}</span>
        <span class="position"></span>
        <span class="scale"></span>
      </div>
      <div class="unseen said" role="status" aria-live="polite"></div>
      ${this.#renderHelp()}
    `;
  }

  protected override renderSide(): TemplateResult {
    const words = drawingTexts();
    const editor = this.editor;
    const categories = this.categories;
    const chosen = editor ? this.labelNames[editor.label] : undefined;
    return html`
      ${labelList({
        categories,
        chosen: new Set(chosen === undefined ? [] : [chosen]),
        coloured: true,
        colours: this.labelColors(),
        title: this.labelTitle(),
        filter: this.#filter,
        onFilter: (filter) => {
          this.#filter = filter;
          this.requestUpdate();
        },
        onChoose: (label) => this.#chooseLabel(this.labelNames.indexOf(label)),
      })}
      ${editor ? this.renderList(editor) : nothing}
      ${editor && this.isEmpty(editor)
        ? html`<label class="nothing"
            ><input
              type="checkbox"
              .checked=${this.#nothingToLabel}
              ?disabled=${this.isDisabled}
              @change=${(event: Event) => {
                this.#nothingToLabel = (event.target as HTMLInputElement).checked;
                super.changed();
              }}
            />${words.nothing}</label
          >`
        : nothing}
    `;
  }

  #renderTools(): TemplateResult {
    const words = drawingTexts();
    const editor = this.editor;
    const off = !editor || this.isDisabled || this.isLoading;
    return html`
      <div class="tools" role="toolbar" aria-label=${words.tools}>
        <div class="group">
          ${Object.entries(this.buttons()).map(([tool, button]) =>
            this.#button(button.icon, button.name, button.key, off, () => this.#chooseTool(tool as Tool), editor?.tool === tool),
          )}
        </div>
        ${editor ? this.renderExtraTools(editor) : nothing}
        <div class="group">
          ${this.#button("undo", words.undo, "Ctrl+Z", off || !editor.canUndo, () => editor?.undo())}
          ${this.#button("redo", words.redo, "Ctrl+Y", off || !editor.canRedo, () => editor?.redo())}
          ${this.#button("remove", words.remove, "Delete", off, () => editor?.remove())}
        </div>
        <div class="group">
          ${this.#button("zoom-out", words.zoomOut, "-", false, () => this.stage?.zoom(-1))}
          ${this.#button("zoom-in", words.zoomIn, "+", false, () => this.stage?.zoom(1))}
          ${this.#button("fit", words.fit, "F", false, () => this.stage?.showAll())}
        </div>
        <div class="group">
          <details class="view">
            <summary class="button" title=${words.view} aria-label=${words.view}>${icon("view")}</summary>
            <div class="menu">
              ${slider(words.brightness, this.#brightness, 0.2, 3, 0.05, (brightness) => this.#setView({ brightness }))}
              ${slider(words.contrast, this.#contrast, 0.2, 3, 0.05, (contrast) => this.#setView({ contrast }))}
              <button type="button" @click=${() => this.#setView({ brightness: 1, contrast: 1 })}>${words.resetView}</button>
              ${check(words.withKey(words.showNames, "L"), this.#names, (names) => this.#setView({ names }))}
              ${check(words.withKey(words.showShapes, "O"), this.#labelsShown, (labelsShown) => this.#setView({ labelsShown }))}
              ${check(words.withKey(words.crosshair, "C"), this.#crosshair, (crosshair) => this.#setView({ crosshair }))}
              ${this.renderViewSettings()}
            </div>
          </details>
          ${this.#button("help", words.help, "?", false, () => this.#openHelp())}
        </div>
      </div>
    `;
  }

  protected renderViewSettings(): unknown {
    return nothing;
  }

  #button(picture: Icon, name: string, key: string, off: boolean, does: () => void, pressed?: boolean): TemplateResult {
    return html`<button
      type="button"
      class="tool"
      title=${drawingTexts().withKey(name, key)}
      aria-label=${name}
      aria-keyshortcuts=${key.replace("Ctrl", "Control").replace(/^\+$/, "Plus")}
      aria-pressed=${pressed === undefined ? nothing : pressed}
      ?disabled=${off}
      @click=${does}
    >
      ${icon(picture)}
    </button>`;
  }

  #renderHelp(): TemplateResult {
    const words = drawingTexts();
    const rows: [string, string][] = [
      ...Object.values(this.buttons()).map(({ key, name }): [string, string] => [key, name]),
      ["1 … 9, 0", words.keyLabels],
      [words.arrows, words.keyArrows],
      [words.space, words.keySpace],
      ["Enter", words.keyEnter],
      ["Esc", words.keyEscape],
      ["Delete, Backspace", words.keyDelete],
      [", .", words.keyNext],
      ...this.moreHelp(),
      ["Ctrl+Z, Ctrl+Y", words.keyUndo],
      ["+ - F", words.keyZoom],
      ["W A S D", words.keyPan],
      ["L O", words.keyNames],
      ["C", words.keyCrosshair],
      ["?", words.keyHelp],
    ];
    return html`<dialog class="help" aria-labelledby="help-title">
      <div class="bar">
        <h2 id="help-title">${words.keysTitle}</h2>
        <button type="button" @click=${(event: Event) => (event.target as Element).closest("dialog")?.close()}>${words.close}</button>
      </div>
      <p>${words.keysIntro}</p>
      <table>
        <thead>
          <tr>
            <th scope="col">${words.keyHeading}</th>
            <th scope="col">${words.doesHeading}</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(([key, does]) => html`<tr><th scope="row"><kbd>${key}</kbd></th><td>${does}</td></tr>`)}
        </tbody>
      </table>
    </dialog>`;
  }

  protected moreHelp(): [string, string][] {
    return [];
  }

  static override styles = [
    AnnotationWidget.styles,
    labelListStyles,
    css`
      .stage {
        block-size: clamp(18rem, calc(100vh - 14rem), 64rem);
      }
      .tools {
        display: flex;
        flex-wrap: wrap;
        gap: 0.4rem 0.75rem;
        margin-block-end: 0.6rem;
        align-items: center;
      }
      .group {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem;
        align-items: center;
      }
      .tool,
      .view > summary {
        display: inline-grid;
        place-items: center;
        inline-size: 2.4rem;
        block-size: 2.4rem;
        padding: 0;
        color: var(--ink);
        border-color: var(--line);
        list-style: none;
      }
      .view > summary::-webkit-details-marker {
        display: none;
      }
      .tool[aria-pressed="true"] {
        color: #ffffff;
        background: var(--accent);
        border-color: var(--accent);
      }
      svg {
        inline-size: 1.4rem;
        block-size: 1.4rem;
        fill: none;
        stroke: currentColor;
        stroke-width: 1.8;
        stroke-linecap: round;
        stroke-linejoin: round;
        pointer-events: none;
      }
      .view {
        position: relative;
      }
      .menu {
        position: absolute;
        z-index: 2;
        inset-inline-end: 0;
        inset-block-start: calc(100% + 0.3rem);
        display: grid;
        gap: 0.6rem;
        inline-size: 17rem;
        padding: 0.8rem;
        background: var(--ground);
        border: 1px solid var(--line);
        border-radius: 0.5rem;
        box-shadow: 0 4px 16px rgb(0 0 0 / 25%);
      }
      .slider {
        display: grid;
        gap: 0.1rem;
      }
      .check,
      .nothing {
        display: flex;
        gap: 0.5rem;
        align-items: center;
        min-block-size: 1.75rem;
      }
      .nothing {
        margin-block-start: 0.9rem;
      }
      .inline {
        display: flex;
        gap: 0.5rem;
        align-items: center;
      }
      .inline input[type="range"] {
        inline-size: 7rem;
      }
      .below {
        display: flex;
        gap: 1rem;
        min-block-size: 2rem;
        padding-block-start: 0.35rem;
        color: var(--quiet-ink);
        font-size: 0.9rem;
        font-variant-numeric: tabular-nums;
      }
      .hint {
        flex: 1;
      }
      .problem {
        padding: 0.6rem 0.8rem;
        border: 1px solid var(--alarm);
        border-radius: 0.4rem;
        color: var(--alarm);
        margin: 0 0 0.6rem;
      }
      .list {
        margin-block-start: 1rem;
      }
      .list h3 {
        font-size: 1rem;
        margin: 0 0 0.4rem;
      }
      .list ol {
        list-style: none;
        margin: 0;
        padding: 0;
        display: grid;
        gap: 0.2rem;
      }
      .list li {
        display: flex;
        gap: 0.25rem;
        align-items: stretch;
      }
      .list .entry {
        flex: 1;
        min-inline-size: 0;
        display: flex;
        gap: 0.5rem;
        align-items: center;
        text-align: start;
        overflow-wrap: anywhere;
        color: var(--ink);
        border-color: transparent;
        padding: 0.2rem 0.5rem;
        font-size: 0.9rem;
      }
      .list .entry[aria-pressed="true"] {
        border-color: var(--accent);
        background: #eaf3fc;
      }
      .list .swatch {
        inline-size: 1.1rem;
        block-size: 1.1rem;
        flex: none;
        border: 1px solid rgb(0 0 0 / 60%);
        border-radius: 0.2rem;
      }
      .list .out {
        inline-size: 2.25rem;
        padding: 0;
        display: grid;
        place-items: center;
        color: var(--quiet-ink);
        border-color: transparent;
        background: none;
      }
      .list .out svg {
        inline-size: 1.1rem;
        block-size: 1.1rem;
      }
      .list .pages {
        display: flex;
        flex-wrap: wrap;
        gap: 0.4rem;
        align-items: center;
        margin-block-start: 0.4rem;
        font-size: 0.9rem;
      }
      .help table {
        border-collapse: collapse;
        inline-size: 100%;
      }
      .help th,
      .help td {
        text-align: start;
        vertical-align: top;
        padding: 0.3rem 0.75rem 0.3rem 0;
        border-block-start: 1px solid var(--faint-line);
      }
      .help th[scope="row"] {
        white-space: nowrap;
        font-weight: 600;
      }
      @media (max-width: 60rem) {
        .stage {
          block-size: 62vh;
        }
      }
    `,
  ];
}

export function slider(
  name: string,
  value: number,
  least: number,
  most: number,
  step: number,
  onChange: (value: number) => void,
  layout: "slider" | "inline" = "slider",
): TemplateResult {
  return html`<label class=${layout}
    ><span>${name}</span
    ><input
      type="range"
      min=${least}
      max=${most}
      step=${step}
      .value=${String(value)}
      @input=${(event: Event) => onChange((event.target as HTMLInputElement).valueAsNumber)}
      @change=${(event: Event) => event.stopPropagation()}
  /></label>`;
}

export function check(name: string, value: boolean, onChange: (value: boolean) => void): TemplateResult {
  return html`<label class="check"
    ><input
      type="checkbox"
      .checked=${value}
      @change=${(event: Event) => {
        event.stopPropagation();
        onChange((event.target as HTMLInputElement).checked);
      }}
    /><span>${name}</span></label
  >`;
}

function sentence(happening: Happening): string {
  const words = drawingTexts();
  const place = "place" in happening ? placeOf(happening.place) : "";
  switch (happening.what) {
    case "added":
      return words.saidAdded(happening.label, place);
    case "removed":
      return words.saidRemoved(happening.label, place);
    case "changed":
      return words.saidChanged(happening.label, place);
    case "selected":
      return words.saidSelected(happening.label, place);
    case "undone":
      return words.saidUndone(happening.label, place);
    case "redone":
      return words.saidRedone(happening.label, place);
    case "point-set":
      return words.saidPoint(happening.count, happening.at.x, happening.at.y);
    case "handle":
      return words.saidHandle(happening.number, happening.of, Math.round(happening.at.x), Math.round(happening.at.y));
    case "instance":
      return words.saidInstance(happening.label);
    case "painted":
      return words.saidPainted(happening.label);
    case "erased":
      return words.saidErased(happening.label);
    case "mask-undone":
      return words.saidMaskUndone(happening.label);
    case "mask-redone":
      return words.saidMaskRedone(happening.label);
    case "pen-down":
      return words.saidPenDown;
    case "cancelled":
      return words.saidCancelled;
    case "deselected":
      return words.saidDeselected;
    case "nothing-there":
      return words.saidNothingThere;
    case "too-few":
      return words.saidTooFew;
    case "crosses":
      return words.saidCrosses;
    case "empty":
      return words.saidEmpty;
  }
}

function placeOf({ left, top, width, height }: { left: number; top: number; width: number; height: number }): string {
  const words = drawingTexts();
  if (width === 0 && height === 0) return words.position(Math.round(left), Math.round(top));
  return words.place(Math.round(left), Math.round(top), Math.round(width), Math.round(height));
}
