/** Draws a mask half transparent over its picture, each number in a colour and each label in a pattern. */

import { inkOn, labelColour, labelPattern, type Pattern } from "../labels";
import type { Point, Rect, Size } from "./geometry";
import type { MaskEditor } from "./mask-editor";
import { type Frame, haloed, type Painter, paintBegun } from "./painter";
import { toStage } from "./viewport";

type Marks = (x: number, y: number, period: number) => boolean;

// Which pixels of a pattern are marked; each mark is about a third of the period wide.
const MARKS: Record<Pattern, Marks> = {
  solid: () => false,
  rising: (x, y, period) => (x + y) % period < period / 3,
  falling: (x, y, period) => (x + period * 4096 - y) % period < period / 3,
  horizontal: (_x, y, period) => y % period < period / 3,
  vertical: (x, _y, period) => x % period < period / 3,
  grid: (x, y, period) => x % period < period / 4 || y % period < period / 4,
  dots: (x, y, period) => x % period < period / 2 && y % period < period / 2,
};

/** How one number of a mask looks. */
interface Look {
  readonly plain: number;
  readonly marked: number;
  readonly marks: Marks;
}

export interface ShownMask {
  readonly size: Size;
  readonly cells: Uint16Array;
  /** The place of the number's label among the labels, for its pattern. */
  labelOf(number: number): number;
  takeDirty(): Rect[];
}

export class MaskPainter implements Painter {
  /** How strong the mask is over the picture, 0 to 1. */
  strength = 0.6;
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #period: number;
  readonly #looks: Look[] = [];

  constructor(
    private readonly shown: ShownMask,
    private readonly editor?: MaskEditor,
  ) {
    this.#canvas = document.createElement("canvas");
    this.#canvas.width = shown.size.width;
    this.#canvas.height = shown.size.height;
    this.#context = this.#canvas.getContext("2d")!;
    this.#period = Math.max(6, Math.round(Math.max(shown.size.width, shown.size.height) / 90));
  }

  /** The colour of a number on the screen. */
  static color(number: number): string {
    return labelColour(number - 1);
  }

  rest(context: CanvasRenderingContext2D, { view }: Frame): void {
    for (const rect of this.shown.takeDirty()) this.#draw(rect);
    context.save();
    context.globalAlpha = this.strength;
    context.imageSmoothingEnabled = view.scale < 1;
    context.transform(view.scale, 0, 0, view.scale, view.x, view.y);
    context.drawImage(this.#canvas, 0, 0);
    context.restore();
  }

  active(context: CanvasRenderingContext2D, { view }: Frame): void {
    const editor = this.editor;
    if (!editor) return;
    const onStage = (point: Point) => toStage(view, point);
    const color = MaskPainter.color(editor.active || editor.instances.length + 1);
    paintBegun(context, editor.begun.map(onStage), editor.ahead && onStage(editor.ahead), color, true);
    if (editor.brushAt) {
      const at = onStage(editor.brushAt);
      context.beginPath();
      context.arc(at.x, at.y, Math.max((editor.brush / 2) * view.scale, 1), 0, 2 * Math.PI);
      haloed(context, "#ffffff", 1.5);
    }
  }

  #draw(rect: Rect): void {
    if (rect.width === 0 || rect.height === 0) return;
    const image = this.#context.createImageData(rect.width, rect.height);
    const pixels = new Uint32Array(image.data.buffer);
    let pixel = 0;
    for (let y = rect.top; y < rect.top + rect.height; y++) {
      const row = y * this.shown.size.width;
      for (let x = rect.left; x < rect.left + rect.width; x++, pixel++) {
        const number = this.shown.cells[row + x]!;
        if (number === 0) continue;
        const look = this.#look(number);
        pixels[pixel] = look.marks(x, y, this.#period) ? look.marked : look.plain;
      }
    }
    this.#context.putImageData(image, rect.left, rect.top);
  }

  #look(number: number): Look {
    const known = this.#looks[number];
    if (known) return known;
    const color = MaskPainter.color(number);
    const towards = inkOn(color) === "#000000" ? 0 : 255;
    const parts = [1, 3, 5].map((start) => Number.parseInt(color.slice(start, start + 2), 16));
    const mixed = parts.map((part) => Math.round(part + (towards - part) * 0.55));
    return (this.#looks[number] = { plain: packed(parts), marked: packed(mixed), marks: MARKS[labelPattern(this.shown.labelOf(number))] });
  }
}

/** Opaque, in the byte order of canvas pixels on the machines that browsers run on. */
function packed(parts: readonly number[]): number {
  return ((255 << 24) | (parts[2]! << 16) | (parts[1]! << 8) | parts[0]!) >>> 0;
}
