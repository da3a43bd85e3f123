/** `crowd-bounding-box`, `crowd-polygon`, `crowd-polyline`, `crowd-line` and `crowd-keypoint`. */

import { html, nothing, type TemplateResult } from "lit";
import { drawingTexts } from "../../languages/drawing";
import { tolerantJson } from "../attributes";
import { labelColour, labelPattern, patternBackground } from "../labels";
import { DrawingElement, type ToolButton } from "./drawing-element";
import type { Tool } from "./editor";
import type { Size } from "./geometry";
import { icon } from "./icons";
import { colorOf } from "./mask-png";
import { sameShapes, shapesAnswer, shapesFrom } from "./shape-answers";
import { ShapeEditor } from "./shape-editor";
import { ShapePainter } from "./shape-painter";
import { boundsOfForm, type Kind, type Shape } from "./shapes";

const SHAPES_AT_ONCE = 50;

abstract class ShapeElement extends DrawingElement<ShapeEditor> {
  static override properties = { ...DrawingElement.properties, labelColorsGiven: { type: String, attribute: "label-colors" } };

  declare labelColorsGiven: string | null;
  protected abstract readonly kind: Kind;
  #baseline: readonly Omit<Shape, "id">[] = [];
  #heldBefore: number | undefined;
  /** Which part of the list is shown, and for which selected shape it was chosen. */
  #first = 0;
  #firstFor: number | undefined;

  constructor() {
    super();
    this.labelColorsGiven = null;
  }

  protected override open(size: Size): { editor: ShapeEditor; painter: ShapePainter } {
    const labels = this.labelNames;
    const editor = new ShapeEditor(this.kind, labels, size, this);
    this.#baseline = shapesFrom(this.kind, this.initial, labels, size);
    editor.document.load(this.#baseline);
    return { editor, painter: new ShapePainter(() => ({ labels, shapes: editor.document.shapes, colors: this.labelColors() }), editor) };
  }

  protected override takeUp(answer: unknown): void {
    const editor = this.editor!;
    editor.select(undefined);
    editor.document.load(shapesFrom(this.kind, answer, this.labelNames, editor.size));
  }

  protected override makeAnswer(editor: ShapeEditor | undefined): unknown {
    const shapes = editor?.document.shapes ?? [];
    const modified = this.initialValue === null ? undefined : !sameShapes(shapes, this.#baseline);
    return shapesAnswer(this.kind, shapes, editor?.size, modified);
  }

  protected override isEmpty(editor: ShapeEditor): boolean {
    return editor.document.shapes.length === 0;
  }

  protected override restIsStale(editor: ShapeEditor, answer: boolean): boolean {
    const held = editor.held?.id;
    const stale = answer || held !== this.#heldBefore;
    this.#heldBefore = held;
    return stale;
  }

  protected override state(editor: ShapeEditor): string {
    return `${editor.selected?.id}`;
  }

  protected override drawFirst(): string {
    return drawingTexts().drawFirst;
  }

  protected override labelColors(): readonly string[] {
    const given = tolerantJson(this.labelColorsGiven);
    return Array.isArray(given) && given.every((color) => colorOf(color) !== undefined) ? given : [];
  }

  protected override buttons(): Partial<Record<Tool, ToolButton>> {
    const words = drawingTexts();
    const draw: Record<Kind, ToolButton> = {
      box: { icon: "box", key: "B", name: words.box, hint: words.hintBox },
      polygon: { icon: "polygon", key: "B", name: words.polygon, hint: words.hintPolygon },
      polyline: { icon: "polyline", key: "B", name: words.polyline, hint: words.hintPolyline },
      line: { icon: "line", key: "B", name: words.line, hint: words.hintLine },
      keypoint: { icon: "keypoint", key: "B", name: words.keypoint, hint: words.hintKeypoint },
    };
    return {
      select: { icon: "select", key: "V", name: words.select, hint: words.hintSelect },
      draw: draw[this.kind],
      ...(this.kind === "box" ? { "four-clicks": { icon: "four-clicks" as const, key: "X", name: words.fourClicks, hint: words.hintFourClicks } } : {}),
      move: { icon: "move", key: "M", name: words.move, hint: words.hintMove },
    };
  }

  protected override renderExtraTools(): unknown {
    return nothing;
  }

  protected override moreHelp(): [string, string][] {
    return this.kind === "keypoint" ? [] : [["H", drawingTexts().keyHandle]];
  }

  protected override renderList(editor: ShapeEditor): TemplateResult {
    const words = drawingTexts();
    const { shapes } = editor.document;
    const selected = editor.selected?.id;
    // The list turns to the selected shape once; paging is free afterwards.
    if (selected !== this.#firstFor) {
      this.#firstFor = selected;
      const place = shapes.findIndex(({ id }) => id === selected);
      if (place >= 0) this.#first = place - (place % SHAPES_AT_ONCE);
    }
    if (this.#first >= shapes.length) this.#first = Math.max(shapes.length - 1 - ((shapes.length - 1) % SHAPES_AT_ONCE), 0);
    const first = this.#first;
    const last = Math.min(first + SHAPES_AT_ONCE, shapes.length);
    const turn = (by: number) => () => {
      this.#first = first + by;
      this.requestUpdate();
    };
    return html`<section class="list">
      <h3>${words.shapes(shapes.length)}</h3>
      ${shapes.length === 0 ? html`<p>${words.noShapes}</p>` : nothing}
      <ol start=${first + 1}>
        ${shapes.slice(first, last).map((shape) => this.#renderEntry(editor, shape))}
      </ol>
      ${shapes.length > SHAPES_AT_ONCE
        ? html`<div class="pages">
            <button type="button" ?disabled=${first === 0} @click=${turn(-SHAPES_AT_ONCE)}>${words.earlier}</button>
            <span>${words.shown(first + 1, last, shapes.length)}</span>
            <button type="button" ?disabled=${last === shapes.length} @click=${turn(SHAPES_AT_ONCE)}>${words.later}</button>
          </div>`
        : nothing}
    </section>`;
  }

  #renderEntry(editor: ShapeEditor, shape: Shape): TemplateResult {
    const words = drawingTexts();
    const { left, top, width, height } = boundsOfForm(shape.form);
    const position = Math.max(editor.labels.indexOf(shape.label), 0);
    const category = this.categories[position]?.fullName ?? shape.label;
    const [x, y] = [Math.round(left), Math.round(top)];
    const name = shape.form.kind === "keypoint" ? words.pointAt(category, x, y) : words.shapeAt(category, x, y, Math.round(width), Math.round(height));
    return html`<li>
      <button
        type="button"
        class="entry"
        aria-pressed=${shape.id === editor.selected?.id}
        @click=${() => {
          editor.chooseTool("select");
          editor.select(shape.id);
        }}
      >
        <span class="swatch" style="background: ${patternBackground(this.labelColors()[position] ?? labelColour(position), labelPattern(position))}"></span>
        <span>${name}</span>
      </button>
      <button type="button" class="out" aria-label=${words.removeShape(name)} title=${words.remove} ?disabled=${this.isDisabled} @click=${() => editor.removeShape(shape.id)}>
        ${icon("remove")}
      </button>
    </li>`;
  }
}

export class CrowdBoundingBox extends ShapeElement {
  protected override readonly kind = "box";
}

export class CrowdPolygon extends ShapeElement {
  protected override readonly kind = "polygon";
}

export class CrowdPolyline extends ShapeElement {
  protected override readonly kind = "polyline";
}

export class CrowdLine extends ShapeElement {
  protected override readonly kind = "line";
}

export class CrowdKeypoint extends ShapeElement {
  protected override readonly kind = "keypoint";
}
