import { expect, test } from "vitest";
import { labelCategories, tolerantJson } from "./attributes";
import { inkOn, labelColour, labelKey, labelPattern } from "./labels";

test("attributes are read as templates write them, JSON or not quite", () => {
  expect(tolerantJson(`["a", "b"]`)).toEqual(["a", "b"]);
  expect(tolerantJson(`{ text: 'None of the above', }`)).toEqual({ text: "None of the above" });
  expect(tolerantJson(`{"boundingBox": {labels: ["bird"], value: [{left: 1,}]},}`)).toEqual({
    boundingBox: { labels: ["bird"], value: [{ left: 1 }] },
  });
});

test("what is no value is none, and nothing in it runs", () => {
  expect(tolerantJson("alert(1)")).toBeUndefined();
  expect(tolerantJson(`[globalThis.ran = 1]`)).toBeUndefined();
  expect(tolerantJson("")).toBeUndefined();
  expect(tolerantJson(null)).toBeUndefined();
  expect("ran" in globalThis).toBe(false);
});

test("label categories are names or objects, each once, in their order", () => {
  expect(labelCategories(`['cat', "dog", 'cat', 7]`).map((category) => category.label)).toEqual(["cat", "dog", "7"]);
  expect(labelCategories(`[{'label': 'person', 'shortDisplayName': 'per', 'fullDisplayName': 'Person'}, {label: 'date'}, {}]`)).toEqual([
    { label: "person", shortName: "per", fullName: "Person" },
    { label: "date", shortName: "date", fullName: "date" },
  ]);
  expect(labelCategories("no list")).toEqual([]);
});

test("colours of labels differ, and colour and pattern together tell neighbours apart", () => {
  const colours = Array.from({ length: 1000 }, (_, position) => labelColour(position));
  expect(colours.every((colour) => /^#[0-9a-f]{6}$/.test(colour))).toBe(true);
  expect(new Set(colours).size).toBe(1000);
  for (let position = 1; position < 50; position++) expect(labelPattern(position)).not.toBe(labelPattern(position - 1));
  expect([inkOn("#f0e442"), inkOn("#0072b2")]).toEqual(["#000000", "#ffffff"]);
  expect([0, 8, 9, 10].map(labelKey)).toEqual(["1", "9", "0", undefined]);
});
