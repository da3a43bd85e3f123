/** The languages of the web, and how a page gets its texts in the chosen one. */

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Each language as those who speak it call it. */
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", de: "Deutsch" };

/** A text, or a function that makes one from values; German has exactly the texts that English has. */
export type Texts = Record<string, string | ((...values: never[]) => string)>;

const STORED_AS = "groundwork.language";
const listeners = new Set<() => void>();

function isLanguage(value: unknown): value is Language {
  return LANGUAGES.includes(value as Language);
}

function firstChoice(): Language {
  const chosen = localStorageOrNothing()?.getItem(STORED_AS);
  if (isLanguage(chosen)) return chosen;
  for (const wanted of navigator.languages) {
    const short = wanted.slice(0, 2).toLowerCase();
    if (isLanguage(short)) return short;
  }
  return "en";
}

/** Storage may be closed to the page (a frame of opaque origin, a private window). */
function localStorageOrNothing(): Storage | undefined {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}

let current: Language | undefined;

export function language(): Language {
  current ??= firstChoice();
  return current;
}

/** Switches every page that listens, and remembers the choice for the next visit. */
export function chooseLanguage(chosen: Language): void {
  current = chosen;
  localStorageOrNothing()?.setItem(STORED_AS, chosen);
  document.documentElement.lang = chosen;
  for (const listener of listeners) listener();
}

/** Calls the listener after each switch; the answer ends that. */
export function onLanguageChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The texts in the language that is chosen at the time of the call. */
export function texts<Catalogue extends Texts>(catalogues: Record<Language, Catalogue>): Catalogue {
  return catalogues[language()];
}
