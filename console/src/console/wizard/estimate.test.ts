import { expect, test } from "vitest";
import { BLANK } from "./definition";
import { estimateOf } from "./estimate";

const SIZE = { objects: 1_000, labeled: 0, isExact: true };

test("an estimate follows from objects, workers, seconds and members", () => {
  expect(estimateOf({ ...BLANK, workers_per_object: 3 }, SIZE, 6, 5)).toEqual({ objects: 1_000, answers: 3_000, workerHours: 5, teamHours: 1 });
});

test("what has the label already is not sent out, and stopping conditions end the work", () => {
  const stopping = (max_human_labeled_objects: number | null, max_percentage_labeled: number | null): number =>
    estimateOf({ ...BLANK, stopping_conditions: { max_human_labeled_objects, max_percentage_labeled } }, { ...SIZE, labeled: 400 }, 1, null).objects;
  expect(stopping(null, null)).toBe(600);
  expect(stopping(100, null)).toBe(100);
  expect(stopping(null, 50)).toBe(100);
  expect(stopping(null, 30)).toBe(0);
});
