import { expect, test } from "vitest";
import { entitiesOf, marksOf, segments, TextOffsets } from "./entity-marks";

const LABELS = new Set(["A", "B"]);

test("offsets count characters beyond the basic plane once, in any script", () => {
  const offsets = new TextOffsets("𝒳 שלום 😀!");
  expect(entitiesOf([{ label: "A", start: 3, end: 7 }], offsets)).toEqual([{ label: "A", startOffset: 2, endOffset: 6 }]);
  expect(marksOf([{ label: "A", startOffset: 7, endOffset: 8 }], offsets, LABELS)).toEqual([{ label: "A", start: 8, end: 10 }]);
});

test("a selection loses the space at its ends and never cuts a character", () => {
  const offsets = new TextOffsets("a  😀b ");
  expect(offsets.trimmed(7, 1)).toEqual({ start: 3, end: 6 });
  expect(offsets.trimmed(4, 4 + 1)).toEqual({ start: 3, end: 5 });
  expect(offsets.trimmed(1, 3)).toBeUndefined();
});

test("marks that overlap cut the text into pieces, and lie in different lanes", () => {
  const pieces = segments("Bank of England", [
    { label: "A", start: 0, end: 15 },
    { label: "B", start: 8, end: 15 },
  ]);
  expect(pieces.map(({ text, marks }) => [text, marks.map(({ mark, lane }) => `${mark.label}${lane}`)])).toEqual([
    ["Bank of ", ["A0"]],
    ["England", ["A0", "B1"]],
  ]);
});

test("what does not fit the text or the labels is no mark, and a repetition is one", () => {
  const given = [
    { label: "A", startOffset: 0, endOffset: 2 },
    { label: "A", startOffset: 0, endOffset: 2 },
    { label: "C", startOffset: 0, endOffset: 2 },
    { label: "A", startOffset: 1, endOffset: 9 },
    { label: "A", startOffset: 2, endOffset: 1 },
    { label: "A", startOffset: 0.5, endOffset: 1 },
    "no",
  ];
  expect(marksOf(given, new TextOffsets("word"), LABELS)).toEqual([{ label: "A", start: 0, end: 2 }]);
});
