import { expect, test } from "vitest";
import { chooseLanguage, onLanguageChange, texts } from "./language";

const greeting = { en: { hello: (name: string) => `Hello ${name}` }, de: { hello: (name: string) => `Hallo ${name}` } };

test("a page speaks the language that its reader chose, from then on", () => {
  chooseLanguage("en");
  let told = 0;
  const end = onLanguageChange(() => told++);
  chooseLanguage("de");
  end();
  chooseLanguage("de");
  expect(texts(greeting).hello("Ada")).toBe("Hallo Ada");
  expect(document.documentElement.lang).toBe("de");
  expect(told).toBe(1);
});
