/** What the API finds wrong, in the reader's language. The API says it in English; which rule it is and what it filled in can be told from that. */

import { language } from "./language";
import { de, fillings } from "./rules.de";
import en from "./rules.en.json";
import { titleOfTaskType } from "./task-types";

type Code = keyof typeof en;

/** For each rule what is wrong and what to do, with the names of what is filled in in braces. */
export type RuleWords = Readonly<Record<Code, readonly [message: string, remedy: string]>>;

interface Worded {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** Message and remedy of a fault. A rule that is not known here, as of a newer API, is left in English. */
export function wordsOf({ code, message, remedy }: Worded): { readonly message: string; readonly remedy: string } {
  const told = { message, remedy };
  if (language() === "en" || !isKnown(code)) return told;
  const [messageInEnglish = "", remedyInEnglish = ""] = en[code];
  const ofMessage = filledIn(messageInEnglish, message);
  const ofRemedy = filledIn(remedyInEnglish, remedy);
  if (ofMessage === undefined || ofRemedy === undefined) return told;
  const values = { ...ofRemedy, ...ofMessage };
  const [ours, whatToDo] = de[code];
  return { message: fill(ours, values), remedy: fill(whatToDo, values) };
}

function isKnown(code: string): code is Code {
  return Object.hasOwn(en, code);
}

// What Python's str.format knows and the rules use: doubled braces, a name, a name in quotes, a number with separators.
const MARK = /\{\{|\}\}|\{(\w+)(?:!r|:,)?\}/g;

/** What was filled into the English template to make the sentence; undefined when it was not made from it. */
function filledIn(template: string, sentence: string): Record<string, string> | undefined {
  const names: string[] = [];
  let pattern = "";
  let at = 0;
  for (const { 0: mark, 1: name, index } of template.matchAll(MARK)) {
    pattern += literally(template.slice(at, index));
    if (name === undefined) pattern += literally(mark[0]!);
    else {
      names.push(name);
      pattern += "([^]*?)";
    }
    at = index + mark.length;
  }
  const found = new RegExp(`^${pattern}${literally(template.slice(at))}$`).exec(sentence);
  return found === null ? undefined : Object.fromEntries(names.map((name, index) => [name, found[index + 1]!]));
}

function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(MARK, (mark, name: string | undefined) => (name === undefined ? mark[0]! : inGerman(name, values[name] ?? mark)));
}

function inGerman(name: string, value: string): string {
  if (name === "title" || name === "task_type") return titleOfTaskType(value) ?? value;
  if (/^\d{1,3}(,\d{3})+$/.test(value)) return value.replaceAll(",", ".");
  return fillings[name]?.[value] ?? value;
}
