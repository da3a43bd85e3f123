import { expect, test } from "vitest";
import { isFrameMessage, isShowPage } from "./messages";
import { bringsScripts, framedPage } from "./page";

const POLICY = `default-src 'none'; script-src https://assets.crowd.aws http://api; img-src https: "x"; frame-ancestors http://api; sandbox allow-scripts`;

test("a page is shown under its own policy, without the address of the elements' script", () => {
  const html = `<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>\n<crowd-form></crowd-form>`;
  const framed = framedPage({ html, policy: POLICY }, "de");
  expect(framed).not.toContain("crowd-html-elements.js");
  expect(framed).toContain("<crowd-form>");
  expect(framed).toContain('<html lang="de">');
  const policy = new DOMParser().parseFromString(framed, "text/html").querySelector("meta[http-equiv]")!.getAttribute("content")!;
  expect(policy).toContain(`img-src https: "x"`);
  expect(policy).not.toMatch(/sandbox|frame-ancestors/);
});

test("scripts of other addresses stay in a page that a person wrote", () => {
  const html = `<SCRIPT async src=https://crowd-html-elements.s3.example.test/crowd-html-elements.js></SCRIPT><script src="https://x.test/a.js"></script>`;
  const page = { html, policy: "script-src https: 'unsafe-inline'" };
  expect(framedPage(page, "en")).toContain("https://x.test/a.js");
  expect(framedPage(page, "en")).not.toContain("crowd-html-elements");
  expect([bringsScripts(page), bringsScripts({ html, policy: POLICY })]).toEqual([true, false]);
});

test("messages of another shape are none", () => {
  expect(isFrameMessage({ kind: "changed", answer: {}, faults: ["x"] })).toBe(true);
  expect(isShowPage({ kind: "show", html: "", draft: null, language: "en" })).toBe(true);
  for (const wrong of [null, "changed", { kind: "changed", answer: [], faults: [] }, { kind: "changed", answer: {}, faults: [1] }, { kind: "x" }]) {
    expect(isFrameMessage(wrong)).toBe(false);
  }
  expect(isShowPage({ kind: "show", html: "", draft: [], language: "en" })).toBe(false);
  expect(isShowPage({ kind: "show", html: "", draft: null, language: "xx" })).toBe(false);
});
