import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EditorListener, Happening, Press } from "./editor";
import type { Point } from "./geometry";
import { sameShapes, shapesAnswer, shapesFrom } from "./shape-answers";
import { ShapeEditor } from "./shape-editor";
import { boundsOfForm, type Kind } from "./shapes";

const SIZE = { width: 100, height: 80 };
const LABELS = ["cat", "dog", "bird"];
const MOUSE: Press = { tolerance: 2, grabs: true };
const KEYS: Press = { tolerance: 2, grabs: false };

function opened(kind: Kind): { editor: ShapeEditor; told: Happening[]; answers: () => number } {
  const told: Happening[] = [];
  let answers = 0;
  const listener: EditorListener = { changed: (answer) => void (answer && answers++), happened: (happening) => told.push(happening) };
  return { editor: new ShapeEditor(kind, LABELS, SIZE, listener), told, answers: () => answers };
}

function drag(editor: ShapeEditor, from: Point, to: Point): void {
  editor.press(from, MOUSE);
  editor.follow(to);
  editor.release(to, MOUSE);
}

function click(editor: ShapeEditor, x: number, y: number, press = MOUSE): void {
  editor.press({ x, y }, press);
  editor.release({ x, y }, press);
}

const answerOf = (editor: ShapeEditor) => shapesAnswer(editor.kind, editor.document.shapes, SIZE, undefined);

describe("boxes", () => {
  test("a drag makes a box of whole pixels, whichever corner it begins at", () => {
    const { editor } = opened("box");
    drag(editor, { x: 30.4, y: 40.6 }, { x: 10.2, y: 20.9 });
    expect(answerOf(editor)).toEqual({ boundingBoxes: [{ label: "cat", left: 10, top: 21, width: 20, height: 20 }], inputImageProperties: SIZE });
  });

  test("two clicks make the same box as a drag", () => {
    const { editor } = opened("box");
    click(editor, 10, 20);
    click(editor, 30, 40);
    expect(editor.document.shapes.map(({ form }) => form)).toEqual([{ kind: "box", left: 10, top: 20, width: 20, height: 20 }]);
  });

  test("four clicks at the ends of a thing make the box around it", () => {
    const { editor } = opened("box");
    editor.chooseTool("four-clicks");
    for (const [x, y] of [
      [10, 30],
      [20, 12],
      [44, 33],
      [25, 50],
    ] as const)
      click(editor, x, y);
    expect(editor.document.shapes.map(({ form }) => form)).toEqual([{ kind: "box", left: 10, top: 12, width: 34, height: 38 }]);
  });

  test("a box ends at the picture's edge however far the pointer went", () => {
    const { editor } = opened("box");
    drag(editor, { x: 90, y: 70 }, { x: 500, y: 500 });
    expect(editor.document.shapes[0]!.form).toEqual({ kind: "box", left: 90, top: 70, width: 10, height: 10 });
  });

  test("the keyboard begins the next box where the last one ended, the mouse takes hold of the corner there", () => {
    for (const [press, boxes] of [
      [KEYS, 2],
      [MOUSE, 1],
    ] as const) {
      const { editor } = opened("box");
      for (const [x, y] of [
        [10, 10],
        [30, 30],
      ] as const)
        click(editor, x, y, KEYS);
      editor.press({ x: 30, y: 30 }, press);
      editor.follow({ x: 50, y: 50 });
      editor.release({ x: 50, y: 50 }, press);
      expect(editor.document.shapes).toHaveLength(boxes);
    }
  });

  test("a selected box is moved, resized and relabeled, and each is undone on its own", () => {
    const { editor } = opened("box");
    drag(editor, { x: 10, y: 10 }, { x: 30, y: 30 });
    editor.chooseTool("select");
    drag(editor, { x: 20, y: 20 }, { x: 25, y: 22 });
    drag(editor, { x: 35, y: 32 }, { x: 40, y: 40 });
    editor.chooseLabel(1);
    expect(answerOf(editor).boundingBoxes).toEqual([{ label: "dog", left: 15, top: 12, width: 25, height: 28 }]);
    editor.undo();
    expect(editor.document.shapes[0]!.label).toBe("cat");
    editor.undo();
    expect(editor.document.shapes[0]!.form).toEqual({ kind: "box", left: 15, top: 12, width: 20, height: 20 });
    editor.undo();
    expect(editor.document.shapes[0]!.form).toEqual({ kind: "box", left: 10, top: 10, width: 20, height: 20 });
    editor.redo();
    expect(editor.document.shapes[0]!.form).toMatchObject({ left: 15, top: 12 });
  });

  test("nudges move by pixels, stop at the edge and are undone together", () => {
    const { editor } = opened("box");
    drag(editor, { x: 2, y: 10 }, { x: 30, y: 30 });
    editor.chooseTool("select");
    for (let times = 0; times < 5; times++) editor.nudge(-1, 1);
    expect(editor.document.shapes[0]!.form).toEqual({ kind: "box", left: 0, top: 15, width: 28, height: 20 });
    editor.undo();
    expect(editor.document.shapes[0]!.form).toEqual({ kind: "box", left: 2, top: 10, width: 28, height: 20 });
  });

  test("arrows resize by the handle that was taken", () => {
    const { editor, told } = opened("box");
    drag(editor, { x: 10, y: 10 }, { x: 30, y: 30 });
    editor.next(1);
    for (let times = 0; times < 5; times++) editor.nextHandle();
    editor.nudge(10, -3);
    expect(editor.document.shapes[0]!.form).toEqual({ kind: "box", left: 10, top: 10, width: 30, height: 17 });
    expect(told).toContainEqual({ what: "handle", number: 5, of: 8, at: { x: 30, y: 30 } });
  });

  test("a press that trembles moves nothing", () => {
    const { editor, answers } = opened("box");
    drag(editor, { x: 10, y: 10 }, { x: 30, y: 30 });
    editor.chooseTool("select");
    drag(editor, { x: 20, y: 20 }, { x: 20.7, y: 20.4 });
    expect(answers()).toBe(1);
  });

  test("of boxes inside each other a click means the smallest around it", () => {
    const { editor } = opened("box");
    drag(editor, { x: 5, y: 5 }, { x: 90, y: 70 });
    drag(editor, { x: 30, y: 30 }, { x: 50, y: 50 });
    editor.chooseTool("select");
    click(editor, 40, 40);
    expect(editor.selected?.form).toMatchObject({ left: 30 });
    click(editor, 60, 60);
    expect(editor.selected?.form).toMatchObject({ left: 5 });
  });

  test("a removed box comes back to its place in the order", () => {
    const { editor } = opened("box");
    for (const left of [0, 20, 40]) drag(editor, { x: left, y: 0 }, { x: left + 10, y: 10 });
    editor.removeShape(editor.document.shapes[1]!.id);
    editor.undo();
    expect(editor.document.shapes.map(({ form }) => boundsOfForm(form).left)).toEqual([0, 20, 40]);
  });
});

describe("paths and points", () => {
  test("a polygon closes by a click on its first corner", () => {
    const { editor } = opened("polygon");
    for (const [x, y] of [
      [10, 10],
      [40, 10],
      [40, 40],
      [11, 11],
    ] as const)
      click(editor, x, y);
    expect(answerOf(editor)).toEqual({
      polygons: [
        {
          label: "cat",
          vertices: [
            { x: 10, y: 10 },
            { x: 40, y: 10 },
            { x: 40, y: 40 },
          ],
        },
      ],
      inputImageProperties: SIZE,
    });
  });

  test("the lines of a polygon may not cross", () => {
    const { editor, told } = opened("polygon");
    for (const [x, y] of [
      [10, 10],
      [40, 40],
      [40, 10],
      [10, 40],
    ] as const)
      click(editor, x, y);
    expect(editor.begun).toHaveLength(3);
    expect(told.at(-1)).toEqual({ what: "crosses" });
  });

  test("a polyline may cross itself and ends when it is finished", () => {
    const { editor } = opened("polyline");
    for (const [x, y] of [
      [10, 10],
      [40, 40],
      [40, 10],
      [10, 40],
    ] as const)
      click(editor, x, y);
    editor.finish();
    expect(answerOf(editor).polylines).toMatchObject([{ vertices: [{ x: 10 }, { x: 40 }, { x: 40 }, { x: 10 }] }]);
  });

  test("two points are too few for a polygon", () => {
    const { editor, told } = opened("polygon");
    click(editor, 10, 10);
    click(editor, 20, 20);
    editor.finish();
    expect(told.at(-1)).toEqual({ what: "too-few" });
    expect(editor.document.shapes).toEqual([]);
  });

  test("undo takes back the last corner while a polygon is drawn", () => {
    const { editor } = opened("polygon");
    click(editor, 10, 10);
    click(editor, 40, 10);
    editor.undo();
    expect(editor.begun).toEqual([{ x: 10, y: 10 }]);
  });

  test("a line has two ends", () => {
    const { editor } = opened("line");
    drag(editor, { x: 1, y: 2 }, { x: 30, y: 40 });
    expect(answerOf(editor)).toEqual({
      lines: [
        {
          label: "cat",
          vertices: [
            { x: 1, y: 2 },
            { x: 30, y: 40 },
          ],
        },
      ],
      inputImageProperties: SIZE,
    });
  });

  test("a keypoint is the pixel that was clicked", () => {
    const { editor } = opened("keypoint");
    editor.chooseLabel(2);
    click(editor, 12.9, 7.2);
    click(editor, 100, 80);
    expect(answerOf(editor)).toEqual({
      keypoints: [
        { label: "bird", x: 12, y: 7 },
        { label: "bird", x: 99, y: 79 },
      ],
      inputImageProperties: SIZE,
    });
  });
});

const points = fc.record({ x: fc.double({ min: -20, max: 120, noNaN: true }), y: fc.double({ min: -20, max: 100, noNaN: true }) });
const doings = fc.array(
  fc.oneof(
    fc.tuple(points, points).map(([from, to]) => (editor: ShapeEditor) => drag(editor, from, to)),
    points.map((at) => (editor: ShapeEditor) => click(editor, at.x, at.y)),
    points.map((at) => (editor: ShapeEditor) => click(editor, at.x, at.y, KEYS)),
    fc.constantFrom("select" as const, "draw" as const, "four-clicks" as const).map((tool) => (editor: ShapeEditor) => editor.tools.includes(tool) && editor.chooseTool(tool)),
    fc.nat({ max: 3 }).map((label) => (editor: ShapeEditor) => editor.chooseLabel(label)),
    fc.tuple(fc.integer({ min: -15, max: 15 }), fc.integer({ min: -15, max: 15 })).map(([dx, dy]) => (editor: ShapeEditor) => editor.nudge(dx, dy)),
    fc.constantFrom("finish" as const, "cancel" as const, "remove" as const, "undo" as const, "redo" as const, "nextHandle" as const).map((what) => (editor: ShapeEditor) => editor[what]()),
    fc.constantFrom(1 as const, -1 as const).map((step) => (editor: ShapeEditor) => editor.next(step)),
  ),
  { maxLength: 40 },
);

describe.each<Kind>(["box", "polygon", "polyline", "line", "keypoint"])("whatever is done with a %s", (kind) => {
  const initial = shapesFrom(kind, startFor(kind), LABELS, SIZE);

  function after(all: readonly ((editor: ShapeEditor) => unknown)[]): ShapeEditor {
    const { editor } = opened(kind);
    editor.document.load(initial);
    for (const doing of all) doing(editor);
    return editor;
  }

  test("undoing all of it gives the beginning, doing all again the end", () => {
    fc.assert(
      fc.property(doings, (all) => {
        const editor = after(all);
        editor.cancel();
        const end = editor.document.shapes;
        while (editor.canUndo) editor.undo();
        expect(sameShapes(editor.document.shapes, initial)).toBe(true);
        while (editor.canRedo) editor.redo();
        // What had been undone before the end comes back as well: the end is passed on the way.
        while (editor.canUndo && !sameShapes(editor.document.shapes, end)) editor.undo();
        expect(sameShapes(editor.document.shapes, end)).toBe(true);
      }),
    );
  });

  test("every shape stays inside the picture", () => {
    fc.assert(
      fc.property(doings, (all) => {
        const last = kind === "keypoint" ? 1 : 0;
        for (const { form } of after(all).document.shapes) {
          const { left, top, width, height } = boundsOfForm(form);
          expect(left >= 0 && top >= 0 && left + width <= SIZE.width - last && top + height <= SIZE.height - last).toBe(true);
          if (form.kind === "box") expect(width > 0 && height > 0).toBe(true);
        }
      }),
    );
  });

  test("the answer, taken up again, gives the same answer", () => {
    fc.assert(
      fc.property(doings, (all) => {
        const answer = answerOf(after(all));
        const { editor } = opened(kind);
        editor.document.load(shapesFrom(kind, JSON.parse(JSON.stringify(answer)), LABELS, SIZE));
        expect(answerOf(editor)).toEqual(answer);
      }),
    );
  });
});

function startFor(kind: Kind): object[] {
  if (kind === "box") return [{ label: "dog", left: 4.5, top: 3.1, width: 20.2, height: 11.7 }];
  if (kind === "keypoint") return [{ label: "dog", x: 7, y: 9.5 }];
  const vertices = [
    { x: 3, y: 4.5 },
    { x: 60, y: 8 },
    { x: 33, y: 50 },
  ];
  return [{ label: "dog", vertices: kind === "line" ? vertices.slice(1) : vertices }];
}

describe("initial values", () => {
  test("boxes keep the fractions that consolidation gave them until they are edited", () => {
    const given = [{ label: "cat", left: 198.5 / 4, top: 3, width: 10.25, height: 5 }];
    expect(shapesAnswer("box", shapesFrom("box", given, LABELS, SIZE), SIZE, false)).toEqual({
      boundingBoxes: given,
      inputImageProperties: SIZE,
      initialValueModified: false,
    });
  });

  test("what is no shape, has an unknown label or lies outside is left out; what sticks out is cut", () => {
    const given = [
      { label: "cow", left: 1, top: 1, width: 5, height: 5 },
      { label: "cat", left: 200, top: 1, width: 5, height: 5 },
      { label: "cat", left: "1", top: 1, width: 5, height: 5 },
      null,
      "cat",
      { label: "cat", left: 90, top: -10, width: 50, height: 20 },
    ];
    expect(shapesFrom("box", given, LABELS, SIZE)).toEqual([{ label: "cat", form: { kind: "box", left: 90, top: 0, width: 10, height: 10 } }]);
  });

  test("lines and polylines come under their key, as the guide shows them, or as a list", () => {
    const line = {
      label: "cat",
      vertices: [
        { x: 1, y: 2 },
        { x: 3, y: 4 },
      ],
    };
    expect(shapesFrom("line", { lines: [line] }, LABELS, SIZE)).toEqual(shapesFrom("line", [line], LABELS, SIZE));
    expect(shapesFrom("polyline", { polylines: [line] }, LABELS, SIZE)).toHaveLength(1);
    expect(shapesFrom("polygon", [line], LABELS, SIZE)).toEqual([]);
  });
});
