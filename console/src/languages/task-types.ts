/** What task types are called. */

import { texts } from "./language";
import { de } from "./task-types.de";
import { en } from "./task-types.en";

/** Undefined for a type that is not known here: the API's catalogue has a title for it. */
export function taskTypeTitle(key: string): string | undefined {
  return textOf(key);
}

/** What workers do. */
export function taskTypeDescription(key: string): string | undefined {
  return textOf(`${key}Help`);
}

/** The title of the type that has this one in English, as the API's sentences have it. */
export function titleOfTaskType(inEnglish: string): string | undefined {
  const known = Object.entries(en).find(([, text]) => text === inEnglish);
  return known && textOf(known[0]);
}

function textOf(name: string): string | undefined {
  const known: Readonly<Record<string, string>> = texts({ en, de });
  return known[name];
}
