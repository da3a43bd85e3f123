import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EditorListener, Happening, Press } from "./editor";
import type { Point } from "./geometry";
import { cellsOfAnswer, colorsFor, instancesAnswer, meaningsOf, semanticAnswer } from "./mask-answers";
import { MaskEditor } from "./mask-editor";

const SIZE = { width: 24, height: 16 };
const LABELS = ["road", "car"];
const MOUSE: Press = { tolerance: 1, grabs: true };

function opened(kind: "semantic" | "instances"): { editor: MaskEditor; told: Happening[] } {
  const told: Happening[] = [];
  const listener: EditorListener = { changed: () => undefined, happened: (happening) => told.push(happening) };
  const editor = new MaskEditor(kind, LABELS, SIZE, listener);
  editor.setBrush(3);
  return { editor, told };
}

function stroke(editor: MaskEditor, ...[first, ...others]: Point[]): void {
  editor.press(first!, MOUSE);
  for (const at of others) editor.follow(at);
  editor.release();
}

function click(editor: MaskEditor, x: number, y: number): void {
  editor.press({ x, y }, MOUSE);
  editor.release();
}

/** The mask as lines of digits, with a point for nothing. */
function picture(editor: MaskEditor): string[] {
  return Array.from({ length: SIZE.height }, (_, y) =>
    [...editor.mask.cells.subarray(y * SIZE.width, (y + 1) * SIZE.width)].map((number) => (number === 0 ? "." : String(number))).join(""),
  );
}

const painted = (editor: MaskEditor) => editor.mask.cells.filter((number) => number > 0).length;

describe("painting", () => {
  test("a brush of one pixel paints the pixel that is clicked", () => {
    const { editor } = opened("semantic");
    editor.setBrush(1);
    click(editor, 3.5, 2.5);
    expect(picture(editor)[2]).toBe(`...1${".".repeat(20)}`);
    expect(painted(editor)).toBe(1);
  });

  test("a stroke is as wide as its brush and round at its ends", () => {
    const { editor } = opened("semantic");
    stroke(editor, { x: 4.5, y: 5.5 }, { x: 10.5, y: 5.5 });
    expect(picture(editor).slice(3, 8).map((row) => row.slice(0, 14))).toEqual([
      "..............",
      "...111111111..",
      "...111111111..",
      "...111111111..",
      "..............",
    ]);
  });

  test("the eraser takes away, and only where something is painted does it count as a change", () => {
    const { editor } = opened("semantic");
    stroke(editor, { x: 4, y: 5 }, { x: 20, y: 5 });
    editor.chooseTool("eraser");
    stroke(editor, { x: 4, y: 12 }, { x: 20, y: 12 });
    stroke(editor, { x: 2, y: 5 }, { x: 22, y: 5 });
    expect(painted(editor)).toBe(0);
    editor.undo();
    editor.undo();
    expect([painted(editor), editor.canUndo]).toEqual([0, false]);
  });

  test("a filled polygon has the pixels whose middles are inside", () => {
    const { editor } = opened("semantic");
    editor.chooseTool("fill");
    for (const [x, y] of [
      [2, 2],
      [8, 2],
      [8, 5],
      [2, 5],
    ] as const)
      click(editor, x, y);
    editor.finish();
    expect(picture(editor).slice(1, 6).map((row) => row.slice(0, 10))).toEqual(["..........", "..111111..", "..111111..", "..111111..", ".........."]);
  });

  test("painting only what is unpainted leaves other labels alone", () => {
    const { editor } = opened("semantic");
    stroke(editor, { x: 4, y: 5 }, { x: 10, y: 5 });
    const before = painted(editor);
    editor.chooseLabel(1);
    editor.keepPainted(true);
    stroke(editor, { x: 4, y: 5 }, { x: 20, y: 5 });
    expect(editor.mask.cells.filter((number) => number === 1)).toHaveLength(before);
    expect(editor.mask.cells.includes(2)).toBe(true);
  });

  test("a cancelled stroke leaves nothing", () => {
    const { editor } = opened("instances");
    editor.press({ x: 5, y: 5 }, MOUSE);
    editor.follow({ x: 9, y: 9 });
    editor.cancel();
    expect([painted(editor), editor.instances, editor.canUndo]).toEqual([0, [], false]);
  });
});

describe("instances", () => {
  test("strokes go on with an instance until its label is chosen anew", () => {
    const { editor } = opened("instances");
    editor.chooseLabel(1);
    stroke(editor, { x: 3, y: 3 });
    stroke(editor, { x: 6, y: 3 });
    editor.chooseLabel(1);
    stroke(editor, { x: 18, y: 3 });
    expect(editor.instances.map((_, index) => editor.nameOf(index + 1))).toEqual(["car 1", "car 2"]);
    expect([editor.mask.at({ x: 6, y: 3 }), editor.mask.at({ x: 18, y: 3 })]).toEqual([1, 2]);
  });

  test("an instance that is removed comes back whole", () => {
    const { editor } = opened("instances");
    stroke(editor, { x: 3, y: 3 });
    const before = editor.mask.cells.slice();
    editor.clear(1);
    expect([painted(editor), editor.instances[0]!.present]).toEqual([0, false]);
    editor.undo();
    expect([editor.mask.cells, editor.instances[0]!.present]).toEqual([before, true]);
  });

  test("a click with the picking tool goes on with what is there", () => {
    const { editor, told } = opened("instances");
    stroke(editor, { x: 3, y: 3 });
    editor.chooseLabel(1);
    editor.chooseTool("select");
    click(editor, 3, 3);
    expect([editor.active, told.at(-1)]).toEqual([1, { what: "instance", label: "road 1" }]);
  });

  test("the same label repeats in the answer with a colour of its own, and what was rubbed out whole is not in it", () => {
    const { editor } = opened("instances");
    for (const x of [3, 10, 18]) {
      editor.chooseLabel(1);
      stroke(editor, { x, y: 3 });
    }
    editor.chooseTool("eraser");
    stroke(editor, { x: 10, y: 1 }, { x: 10, y: 6 });
    stroke(editor, { x: 11, y: 1 }, { x: 9, y: 6 });
    const colors = colorsFor(3, new Map());
    const answer = instancesAnswer(editor.instances, editor.mask.used(), { cells: editor.mask.cells, size: SIZE, colors }, undefined);
    expect(answer).toEqual({
      instances: [
        { label: "car", color: "#1f77b4" },
        { label: "car", color: "#2ca02c" },
      ],
      labeledImage: { pngImageData: expect.any(String) },
      inputImageProperties: SIZE,
    });
  });
});

const points = fc.record({ x: fc.double({ min: -4, max: 28, noNaN: true }), y: fc.double({ min: -4, max: 20, noNaN: true }) });
const doings = fc.array(
  fc.oneof(
    fc.array(points, { minLength: 1, maxLength: 4 }).map((path) => (editor: MaskEditor) => stroke(editor, ...path)),
    fc.constantFrom("brush" as const, "eraser" as const, "fill" as const, "select" as const).map((tool) => (editor: MaskEditor) => editor.chooseTool(tool)),
    fc.nat({ max: 2 }).map((label) => (editor: MaskEditor) => editor.chooseLabel(label)),
    fc.integer({ min: 1, max: 12 }).map((brush) => (editor: MaskEditor) => editor.setBrush(brush)),
    fc.boolean().map((keep) => (editor: MaskEditor) => editor.keepPainted(keep)),
    fc.constantFrom("finish" as const, "cancel" as const, "remove" as const, "undo" as const, "redo" as const).map((what) => (editor: MaskEditor) => editor[what]()),
    fc.constantFrom(1 as const, -1 as const).map((step) => (editor: MaskEditor) => editor.next(step)),
  ),
  { maxLength: 30 },
);

describe.each(["semantic", "instances"] as const)("whatever is painted (%s)", (kind) => {
  function after(all: readonly ((editor: MaskEditor) => unknown)[]): MaskEditor {
    const { editor } = opened(kind);
    for (const doing of all) doing(editor);
    editor.cancel();
    return editor;
  }

  const looks = (editor: MaskEditor) => JSON.stringify([picture(editor), editor.instances.filter(({ present }) => present)]);

  test("undoing all of it gives the empty mask, doing all again passes the end", () => {
    fc.assert(
      fc.property(doings, (all) => {
        const editor = after(all);
        const end = looks(editor);
        while (editor.canUndo) editor.undo();
        expect(looks(editor)).toBe(looks(opened(kind).editor));
        while (editor.canRedo) editor.redo();
        while (editor.canUndo && looks(editor) !== end) editor.undo();
        expect(looks(editor)).toBe(end);
      }),
    );
  });

  test("the answer, taken up again, gives the same answer", () => {
    fc.assert(
      fc.property(doings, (all) => {
        const editor = after(all);
        const answer = answerOf(editor, new Map());
        const other = opened(kind).editor;
        const meanings = meaningsOf(kind, answer, LABELS);
        const cells = cellsOfAnswer(answer, meanings, SIZE)!;
        other.load(cells, kind === "instances" ? meanings.map(({ label }) => ({ label, present: true })) : undefined);
        expect(answerOf(other, new Map(meanings.map(({ number, color }) => [number, color])))).toEqual(answer);
      }),
    );
  });

  function answerOf(editor: MaskEditor, given: ReadonlyMap<number, number>): Record<string, unknown> {
    const mask = { cells: editor.mask.cells, size: SIZE, colors: colorsFor(editor.instances.length, given) };
    return kind === "semantic" ? semanticAnswer(LABELS, mask, true) : instancesAnswer(editor.instances, editor.mask.used(), mask, true);
  }
});

test("hundreds of instances have colours of their own, none of them white", () => {
  const colors = colorsFor(500, new Map([[3, 0xff7f0e]])).slice(1);
  expect(new Set(colors).size).toBe(500);
  expect(colors[2]).toBe(0xff7f0e);
  expect(colors).not.toContain(0xffffff);
});

test("a mask of another size or with colours that mean nothing is not taken up", () => {
  const answer = semanticAnswer(LABELS, { cells: new Uint16Array(4).fill(1), size: { width: 2, height: 2 }, colors: colorsFor(2, new Map()) }, undefined);
  expect(cellsOfAnswer(answer, meaningsOf("semantic", answer, LABELS), SIZE)).toBeUndefined();
  expect(meaningsOf("semantic", { labelMappings: { road: { color: "red" }, cow: { color: "#ff0000" }, car: null } }, LABELS)).toEqual([]);
});
