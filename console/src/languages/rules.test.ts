import { beforeEach, expect, test } from "vitest";
import { Problem } from "../api/client";
import { chooseLanguage } from "./language";
import { refusalText } from "./refusals";
import { wordsOf } from "./rules";
import { de } from "./rules.de";
import en from "./rules.en.json";

beforeEach(() => chooseLanguage("de"));

const NAMES = /(?<!\{)\{(\w+)(?:!r|:,)?\}(?!\})/g;
const names = (templates: readonly string[]): string[] => [...new Set(templates.flatMap((template) => [...template.matchAll(NAMES)].map(([, name]) => name!)))].sort();

/** The sentence that the API makes of a template. */
const filled = (template: string, values: Record<string, string>): string =>
  template.replaceAll(NAMES, (_, name: string) => values[name]!).replaceAll("{{", "{").replaceAll("}}", "}");

test.each(Object.keys(en) as (keyof typeof en)[])("%s is told in German, with everything that was filled in", (code) => {
  const values = Object.fromEntries(names(en[code]).map((name, index) => [name, `value-${index}`]));
  const fault = { code, message: filled(en[code][0]!, values), remedy: filled(en[code][1]!, values) };
  const told = wordsOf(fault);
  expect(told).toEqual({ message: filled(de[code][0], values), remedy: filled(de[code][1], values) });
  expect(told).not.toEqual({ message: fault.message, remedy: fault.remedy });
});

test("numbers, titles of task types and the API's own words are German too", () => {
  expect(
    wordsOf({
      code: "job.task-timeout-out-of-range",
      message: "A worker's time for one task must be 30 to 28,800 seconds; it is 86,400",
      remedy: "Change task_timeout_seconds.",
    }).message,
  ).toBe("Die Zeit je Aufgabe muss 30 bis 28.800 Sekunden betragen; sie beträgt 86.400");
  expect(
    wordsOf({
      code: "job.task-category-mismatch",
      message: "Bounding boxes labels Image data, and the task category says Text",
      remedy: "Set task_category to Image, or leave it out.",
    }).message,
  ).toBe("Begrenzungsrahmen labelt Daten der Art Bild, und als Aufgabenbereich ist Text angegeben");
});

test("what people wrote themselves stays as it is", () => {
  const message = `There is no labeling team {team} $& ("a" | b)\nCustom`;
  expect(wordsOf({ code: "job.labeling-team-unknown", message, remedy: "Choose one of the project's labeling teams." }).message).toBe(
    `Es gibt kein Labeling-Team {team} $& ("a" | b)\nCustom`,
  );
});

test("a rule, or a wording, that the web does not know is left as the API says it", () => {
  const unknown = { code: "job.newer", message: "It is new", remedy: "Look." };
  const reworded = { code: "job.input-missing", message: "Nothing came in", remedy: "Give input_manifest_uri or input_prefix_uri." };
  expect(wordsOf(unknown)).toEqual({ message: "It is new", remedy: "Look." });
  expect(wordsOf(reworded)).toEqual({ message: "Nothing came in", remedy: "Give input_manifest_uri or input_prefix_uri." });
});

test("a refusal says what its faults say, or what kind it is", () => {
  const fault = { pointer: "/labels", code: "job.label-empty", message: "A label is empty", remedy: "Give it a name, or remove it." };
  expect(refusalText(new Problem(422, "", "The request has 1 fault.", [fault]))).toBe("Ein Label ist leer.");
  expect(refusalText(new Problem(404, "", "There is no project 'x'."))).toBe("Nicht gefunden: There is no project 'x'.");
  chooseLanguage("en");
  expect(refusalText(new Problem(422, "", "The request has 1 fault.", [fault]))).toBe("A label is empty.");
  expect(refusalText(new Problem(404, "", "There is no project 'x'."))).toBe("There is no project 'x'.");
});
