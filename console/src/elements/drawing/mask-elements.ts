/** `crowd-semantic-segmentation` and `crowd-instance-segmentation`. */

import { html, nothing, type TemplateResult } from "lit";
import { drawingTexts } from "../../languages/drawing";
import { isRecord } from "../attributes";
import { labelColour, labelPattern, patternBackground } from "../labels";
import { check, DrawingElement, slider, type ToolButton } from "./drawing-element";
import type { Tool } from "./editor";
import type { Size } from "./geometry";
import { icon } from "./icons";
import { cellsOfAnswer, colorsFor, instancesAnswer, type Meaning, meaningsOf, semanticAnswer } from "./mask-answers";
import { type Instance, LARGEST_BRUSH, MaskEditor, SMALLEST_BRUSH } from "./mask-editor";
import { MaskPainter } from "./mask-painter";
import { cellsOf, type Color } from "./mask-png";
import { readPixels } from "./picture-pixels";

// Browsers may change colours a little when they draw a mask.
const COLORS_MAY_BE_OFF = 4;

abstract class MaskElement extends DrawingElement<MaskEditor> {
  protected abstract readonly kind: "semantic" | "instances";
  declare protected painter: MaskPainter | undefined;
  /** The colours of the initial mask pixel by pixel, -1 for nothing; undefined when none was given or it is still loading. */
  #baseline: Int32Array | undefined;
  #baselineState: "none" | "loading" | "loaded" | "failed" = "none";
  /** Colours that numbers have from an initial value or a draft. */
  #given = new Map<number, Color>();

  protected override open(size: Size): { editor: MaskEditor; painter: MaskPainter } {
    const editor = new MaskEditor(this.kind, this.labelNames, size, this);
    const painter = new MaskPainter(
      {
        size,
        cells: editor.mask.cells,
        labelOf: (number) => editor.labels.indexOf(editor.instances[number - 1]?.label ?? ""),
        takeDirty: () => editor.takeDirty(),
      },
      editor,
    );
    const initial = this.initial;
    this.#given = new Map();
    this.#baseline = undefined;
    this.#baselineState = "none";
    if (isRecord(initial) && typeof initial.src === "string") void this.#loadBaseline(editor, initial.src, meaningsOf(this.kind, initial, editor.labels));
    return { editor, painter };
  }

  async #loadBaseline(editor: MaskEditor, src: string, meanings: readonly Meaning[]): Promise<void> {
    this.#baselineState = "loading";
    const colors = await readPixels(src, editor.size);
    if (editor !== this.editor) return;
    this.#baselineState = colors ? "loaded" : "failed";
    if (colors) {
      const cells = cellsOf(colors, new Map(meanings.map(({ color, number }) => [color, number])), COLORS_MAY_BE_OFF);
      const colorOfNumber = new Map(meanings.map(({ color, number }) => [number, color]));
      this.#baseline = Int32Array.from(cells, (number) => colorOfNumber.get(number) ?? -1);
      if (this.draft === undefined) this.#load(editor, cells, meanings);
    }
    this.changed(true);
    this.requestUpdate();
  }

  protected override takeUp(answer: unknown): void {
    const editor = this.editor!;
    const meanings = meaningsOf(this.kind, answer, editor.labels);
    const cells = cellsOfAnswer(answer, meanings, editor.size);
    if (cells) this.#load(editor, cells, meanings);
  }

  #load(editor: MaskEditor, cells: Uint16Array, meanings: readonly Meaning[]): void {
    this.#given = new Map(meanings.map(({ number, color }) => [number, color]));
    const instances: Instance[] = meanings.map(({ label }) => ({ label, present: true }));
    editor.load(cells, this.kind === "instances" ? instances : undefined);
  }

  protected override makeAnswer(editor: MaskEditor | undefined): unknown {
    const size = editor?.size ?? { width: 0, height: 0 };
    const instances = editor?.instances ?? [];
    const colors = colorsFor(instances.length, this.#given);
    if (!editor) {
      const empty = { labeledImage: { pngImageData: "" }, inputImageProperties: size };
      return this.kind === "semantic" ? { labelMappings: {}, ...empty } : { instances: [], ...empty };
    }
    const { cells } = editor.mask;
    const modified = this.initialValue === null ? undefined : this.#isModified(cells, colors);
    const painted = { cells, size, colors };
    return this.kind === "semantic" ? semanticAnswer(editor.labels, painted, modified) : instancesAnswer(instances, editor.mask.used(), painted, modified);
  }

  #isModified(cells: Uint16Array, colors: readonly Color[]): boolean {
    const baseline = this.#baseline;
    return cells.some((number, cell) => (number === 0 ? -1 : colors[number]) !== (baseline?.[cell] ?? -1));
  }

  protected override isEmpty(editor: MaskEditor): boolean {
    return !editor.mask.cells.some((number) => number > 0);
  }

  protected override get isLoading(): boolean {
    return this.#baselineState === "loading";
  }

  protected override otherFault(): string | undefined {
    if (this.#baselineState === "failed") return drawingTexts().maskFailed;
    return undefined;
  }

  protected override restIsStale(editor: MaskEditor): boolean {
    return editor.isDirty;
  }

  protected override state(editor: MaskEditor): string {
    return [editor.active, editor.brush, editor.onlyUnpainted, editor.instances.map(({ present }) => (present ? 1 : 0)).join("")].join("|");
  }

  protected override drawFirst(): string {
    return drawingTexts().paintFirst;
  }

  protected override buttons(): Partial<Record<Tool, ToolButton>> {
    const words = drawingTexts();
    return {
      brush: { icon: "brush", key: "B", name: words.brush, hint: words.hintBrush },
      eraser: { icon: "eraser", key: "E", name: words.eraser, hint: words.hintEraser },
      fill: { icon: "fill", key: "G", name: words.fill, hint: words.hintFill },
      select: { icon: "pick", key: "V", name: words.pick, hint: words.hintPick },
      move: { icon: "move", key: "M", name: words.move, hint: words.hintMove },
    };
  }

  protected override moreKeys(): Record<string, (editor: MaskEditor) => void> {
    return { "[": (editor) => editor.resizeBrush(1 / 1.2), "]": (editor) => editor.resizeBrush(1.2) };
  }

  protected override moreHelp(): [string, string][] {
    return [["[ ]", drawingTexts().keyBrush]];
  }

  protected override renderExtraTools(editor: MaskEditor): TemplateResult {
    const words = drawingTexts();
    return html`<div class="group">
      ${slider(words.brushSize, editor.brush, SMALLEST_BRUSH, Math.min(LARGEST_BRUSH, Math.max(editor.size.width, editor.size.height)), 1, (brush) => editor.setBrush(brush), "inline")}
      ${check(words.onlyUnpainted, editor.onlyUnpainted, (only) => editor.keepPainted(only))}
    </div>`;
  }

  protected override renderViewSettings(): TemplateResult {
    const painter = this.painter;
    return html`${slider(drawingTexts().strength, painter?.strength ?? 0.6, 0.1, 1, 0.05, (strength) => {
      if (painter) painter.strength = strength;
      this.requestUpdate();
    })}`;
  }

  protected override renderList(_editor: MaskEditor): unknown {
    return nothing;
  }
}

export class CrowdSemanticSegmentation extends MaskElement {
  protected override readonly kind = "semantic";
}

export class CrowdInstanceSegmentation extends MaskElement {
  protected override readonly kind = "instances";

  protected override labelTitle(): string {
    return drawingTexts().newInstanceOf;
  }

  protected override renderList(editor: MaskEditor): TemplateResult {
    const words = drawingTexts();
    const present = editor.instances.flatMap((instance, index) => (instance.present ? [{ instance, number: index + 1 }] : []));
    return html`<section class="list">
      <h3>${words.instances(present.length)}</h3>
      ${present.length === 0 ? html`<p>${words.noInstances}</p>` : nothing}
      <ol>
        ${present.map(({ instance, number }) => {
          const name = editor.nameOf(number);
          const position = Math.max(editor.labels.indexOf(instance.label), 0);
          return html`<li>
            <button type="button" class="entry" aria-pressed=${number === editor.active} @click=${() => editor.chooseInstance(number)}>
              <span class="swatch" style="background: ${patternBackground(labelColour(number - 1), labelPattern(position))}"></span>
              <span>${name}</span>
            </button>
            <button type="button" class="out" aria-label=${words.removeInstance(name)} title=${words.remove} ?disabled=${this.isDisabled} @click=${() => editor.clear(number)}>
              ${icon("remove")}
            </button>
          </li>`;
        })}
      </ol>
    </section>`;
  }
}
