import { afterEach, expect, test } from "vitest";
import { readOverlay } from "./classifiers";
import { ANSWER_CHANGED, ANSWER_SUBMITTED, type CrowdForm } from "./crowd-form";
import { defineElements } from "./define";

defineElements();

/** A page from a template's markup, with all elements drawn, and its form. */
async function page(markup: string): Promise<CrowdForm> {
  document.body.innerHTML = markup;
  for (let round = 0; round < 3; round++) {
    await Promise.all([...document.querySelectorAll("*")].map((element) => (element as { updateComplete?: Promise<unknown> }).updateComplete));
  }
  const form = document.querySelector("crowd-form") ?? document.querySelector("crowd-entity-annotation")?.shadowRoot?.querySelector("crowd-form");
  (form as CrowdForm).begin();
  return form as CrowdForm;
}

afterEach(() => document.body.replaceChildren());

function press(key: string): void {
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}

function choices(tag: string): HTMLInputElement[] {
  return [...document.querySelector(tag)!.shadowRoot!.querySelectorAll<HTMLInputElement>(".choice input")];
}

function submitted(form: CrowdForm): unknown[] {
  const answers: unknown[] = [];
  form.addEventListener(ANSWER_SUBMITTED, () => answers.push(form.answer()));
  return answers;
}

test("one category is chosen for a picture, by the list or by its number", async () => {
  const form = await page(`<crowd-form><crowd-image-classifier name="kind" src="data:," categories="['cat', 'dog']" header="Which?">
    <short-instructions>Look.</short-instructions></crowd-image-classifier></crowd-form>`);
  choices("crowd-image-classifier")[0]!.click();
  expect(form.answer()).toEqual({ kind: { label: "cat" } });
  press("2");
  expect(form.answer()).toEqual({ kind: { label: "dog" } });
});

test("a part without a name goes by its tag", async () => {
  const form = await page(`<crowd-form><crowd-classifier categories='["a","b"]'></crowd-classifier></crowd-form>`);
  press("1");
  expect(form.answer()).toEqual({ "crowd-classifier": { label: "a" } });
});

test("several categories come in the template's order, and none of them beside the one that excludes all", async () => {
  const form = await page(`<crowd-form><crowd-classifier-multi-select name="tags" categories="['x', 'y', 'z']"
    exclusion-category="{ text: 'None' }"><classification-target>words</classification-target></crowd-classifier-multi-select></crowd-form>`);
  press("3");
  press("1");
  expect(form.answer()).toEqual({ tags: { labels: ["x", "z"] } });
  press("4");
  expect(form.answer()).toEqual({ tags: { labels: ["None"] } });
  press("2");
  press("2");
  expect(form.answer()).toEqual({ tags: { labels: [] } });
});

test("nothing is submitted before something is chosen, and the worker reads why", async () => {
  const form = await page(`<crowd-form><crowd-image-classifier-multi-select name="t" src="data:," categories='["a"]'></crowd-image-classifier-multi-select></crowd-form>`);
  const answers = submitted(form);
  form.shadowRoot!.querySelector<HTMLButtonElement>(".submit")!.click();
  expect(answers).toEqual([]);
  expect(form.shadowRoot!.querySelector(".faults")!.textContent).toContain("at least one label");
  press("1");
  form.shadowRoot!.querySelector<HTMLButtonElement>(".submit")!.click();
  expect(answers).toEqual([{ t: { labels: ["a"] } }]);
});

test("a comment is part of the answer only when there is one", async () => {
  const form = await page(`<crowd-form><crowd-image-classifier name="v" src="data:," categories='["good","bad"]'>
    <worker-comment header="What is wrong?" link-text="Say why">Tell us.</worker-comment></crowd-image-classifier></crowd-form>`);
  press("2");
  expect(form.answer()).toEqual({ v: { label: "bad" } });
  const comment = document.querySelector("worker-comment")!.shadowRoot!;
  comment.querySelector("textarea")!.value = "  too wide ";
  comment.querySelector<HTMLButtonElement>(".primary")!.click();
  expect(form.answer()).toEqual({ v: { label: "bad", workerComment: "too wide" } });
});

test("entities are marked with offsets that count characters, also behind an emoji", async () => {
  const form = await page(`<crowd-entity-annotation name="ner" text="😀 Ana flew to Oslo." labels="[{label: 'City', shortDisplayName: 'cty'}]"
    initial-value="[{label: 'City', startOffset: 14, endOffset: 18}, {label: 'Nothing', startOffset: 0, endOffset: 1}]"></crowd-entity-annotation>`);
  expect(form.answer()).toEqual({ ner: { entities: [{ label: "City", startOffset: 14, endOffset: 18 }] } });
  expect(document.querySelector(".groundwork-text .marked")!.textContent).toBe("Oslo");
});

test("fields answer as the elements they are named after", async () => {
  const form = await page(`<crowd-form>
    <crowd-input name="tag1"></crowd-input><crowd-input name="tag2" value="red"></crowd-input><crowd-input></crowd-input>
    <crowd-text-area name="essay"></crowd-text-area>
    <crowd-checkbox name="image" value="blurry" checked>Blurry</crowd-checkbox><crowd-checkbox name="image" value="dim">Dim</crowd-checkbox>
    <crowd-checkbox name="plain">Plain</crowd-checkbox>
    <crowd-radio-group><crowd-radio-button name="tech" value="tech">T</crowd-radio-button>
      <crowd-radio-button name="politics" value="politics">P</crowd-radio-button></crowd-radio-group>
    <crowd-slider name="much" min="1" max="10"></crowd-slider>
    <crowd-toggle-button name="theToggler"></crowd-toggle-button>
    <input type="hidden" name="hidden" value="h"><input type="radio" name="r" value="a" checked><input type="radio" name="r" value="b">
    <select name="s"><option value="one">1</option><option value="two" selected>2</option></select></crowd-form>`);
  document.querySelector<HTMLElement>('[name="politics"]')!.click();
  expect(form.answer()).toEqual({
    tag2: "red",
    image: { blurry: true, dim: false },
    plain: { on: false },
    tech: { tech: false },
    politics: { politics: true },
    much: 1,
    theToggler: { on: false },
    hidden: "h",
    r: { a: true, b: false },
    s: "two",
  });
});

test("a draft is taken up, and what does not fit is left out", async () => {
  const form = await page(`<crowd-form><crowd-classifier name="c" categories='["a","b"]'></crowd-classifier><crowd-input name="i"></crowd-input>
    <crowd-checkbox name="k">K</crowd-checkbox><textarea name="n"></textarea></crowd-form>`);
  form.begin({ c: { label: "b" }, i: "typed", k: { on: true }, n: "native", other: 1 });
  expect(form.answer()).toEqual({ c: { label: "b" }, i: "typed", k: { on: true }, n: "native" });
  form.begin({ c: { label: "gone" }, i: 7 });
  expect(form.answer()).toMatchObject({ c: {}, i: "typed" });
});

test("a script of the template may refuse a submission, and submit later by itself", async () => {
  const form = await page(`<crowd-form><crowd-input name="i" value="x"></crowd-input></crowd-form>`);
  const answers = submitted(form);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.requestSubmit();
  expect(answers).toEqual([]);
  form.submit();
  expect(answers).toEqual([{ i: "x" }]);
});

test("a button of the template's own takes the place of the form's, and reset goes back to the beginning", async () => {
  const form = await page(`<crowd-form><crowd-input name="i" value="first"></crowd-input><crowd-button form-action="submit">Done</crowd-button>
    <crowd-button form-action="reset">Again</crowd-button></crowd-form>`);
  expect(form.shadowRoot!.querySelector<HTMLElement>(".submit")!.hidden).toBe(true);
  form.begin({ i: "second" });
  document.querySelector<HTMLElement>('[form-action="reset"]')!.click();
  expect(form.answer()).toEqual({ i: "first" });
  const answers = submitted(form);
  document.querySelector<HTMLElement>('[form-action="submit"]')!.click();
  expect(answers).toEqual([{ i: "first" }]);
});

test("what a template's script appends to the form of a self-contained element is part of the answer", async () => {
  const form = await page(`<crowd-entity-annotation name="ner" text="Ana" labels="['P']"></crowd-entity-annotation>
    <div id="extra"><crowd-input name="more" value="yes"></crowd-input></div>`);
  form.form.append(document.querySelector("#extra")!);
  expect(form.answer()).toEqual({ ner: { entities: [] }, more: "yes" });
});

test("required fields keep an answer from being submitted", async () => {
  const form = await page(`<crowd-form><crowd-input name="i" label="City" required></crowd-input><crowd-checkbox name="k" required>Read</crowd-checkbox>
    <crowd-slider name="s" required></crowd-slider><textarea name="n" required aria-label="Note"></textarea></crowd-form>`);
  expect(form.faults()).toHaveLength(4);
  expect(form.faults()[0]).toContain("City");
});

test("each change is told once it is made", async () => {
  const form = await page(`<crowd-form><crowd-classifier name="c" categories='["a"]'></crowd-classifier></crowd-form>`);
  const heard: unknown[] = [];
  document.addEventListener(ANSWER_CHANGED, () => heard.push(form.answer()), { once: true });
  press("1");
  expect(heard).toEqual([{ c: { label: "a" } }]);
});

test("names of hostile templates are names like any other", async () => {
  const form = await page(`<crowd-form><crowd-input name="__proto__" value="x"></crowd-input></crowd-form>`);
  expect(JSON.stringify(form.answer())).toBe('{"__proto__":"x"}');
});

test("overlays of boxes and masks are read as templates write them", () => {
  const boxes = readOverlay(`{"boundingBox": {labels: ["bird"], value: [{height: 4, label: "bird", left: 1, top: 2, width: 3}, {label: 'x'}]},}`)!;
  expect(boxes.boxes).toEqual([{ height: 4, label: "bird", left: 1, top: 2, width: 3 }]);
  const mask = readOverlay(`{"semanticSegmentation": {"labels": ["Cat"], "labelMappings": {"Cat": {"color": "#2ca02c"}, "Dog": {"color": "url(x)"}}, "src": "m.png",}}`)!;
  expect([mask.maskUrl, [...mask.colours]]).toEqual(["m.png", [["Cat", "#2ca02c"]]]);
  expect(readOverlay("{}")).toBeUndefined();
});
