/** What every editor of a picture's labels offers to the stage (pointer, keys) and to the toolbar. No DOM in here. */

import type { Point, Rect } from "./geometry";

/** `move` moves the picture itself; the stage does that, whatever the editor. */
export type Tool = "select" | "draw" | "four-clicks" | "brush" | "eraser" | "fill" | "move";

export interface Press {
  /** How far from an outline, in picture pixels, a press still means it. */
  readonly tolerance: number;
  /** A finger or mouse may take hold of a handle while drawing; the keyboard's cursor, which rests where it drew last, may not. */
  readonly grabs: boolean;
}

/** What happened, for the live region; the element puts it into words. */
export type Happening =
  | { readonly what: "added" | "removed" | "changed" | "selected" | "undone" | "redone"; readonly label: string; readonly place: Rect }
  | { readonly what: "point-set"; readonly count: number; readonly at: Point }
  | { readonly what: "handle"; readonly number: number; readonly of: number; readonly at: Point }
  | { readonly what: "instance" | "painted" | "erased" | "mask-undone" | "mask-redone"; readonly label: string }
  | { readonly what: "pen-down" | "cancelled" | "deselected" | "nothing-there" | "too-few" | "crosses" | "empty" };

export interface EditorListener {
  /** Something looks different; the answer too, when `answer` is true. */
  changed(answer: boolean): void;
  happened(happening: Happening): void;
}

export interface Editor {
  readonly tools: readonly Tool[];
  readonly tool: Tool;
  /** Index of the label that is drawn next. */
  readonly label: number;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Between press and release the keyboard's cursor draws, as a pen that is held down. */
  readonly holdsPen: boolean;
  /** Whether something is begun that `finish` would end. */
  readonly canFinish: boolean;
  /** Whether the arrow keys move what is selected and not the cursor. */
  readonly nudges: boolean;
  chooseTool(tool: Tool): void;
  chooseLabel(index: number): void;
  press(at: Point, press: Press): void;
  /** The pointer is at another place, pressed or not. */
  follow(at: Point): void;
  release(at: Point, press: Press): void;
  /** Ends what has any number of points. */
  finish(): void;
  /** Leaves out what is begun; with nothing begun, selects nothing. */
  cancel(): void;
  /** Takes back the last point of what is begun, else removes what is selected. */
  remove(): void;
  undo(): void;
  redo(): void;
  nudge(dx: number, dy: number): void;
  /** Goes through the points that the arrow keys can move. */
  nextHandle(): void;
  /** Selects the next shape in order, or the one before. */
  next(step: 1 | -1): void;
}
