/** Values of attributes as templates write them: JSON, or what passes for it (single quotes, bare keys, trailing commas). Nothing is evaluated. */

import JSON5 from "json5";

/** The value that a text stands for; undefined for a text that is no such value. */
export function tolerantJson(text: string | null | undefined): unknown {
  if (text === null || text === undefined || text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON5.parse(text);
    } catch {
      return undefined;
    }
  }
}

/** A label category: what answers call it, and what workers read. */
export interface LabelCategory {
  readonly label: string;
  readonly shortName: string;
  readonly fullName: string;
}

/** The label categories in an attribute: a list of names, or of objects with `label`, `shortDisplayName` and `fullDisplayName`. */
export function labelCategories(text: string | null): LabelCategory[] {
  const given = tolerantJson(text);
  if (!Array.isArray(given)) return [];
  const categories = new Map<string, LabelCategory>();
  for (const entry of given) {
    const category = labelCategory(entry);
    if (category && !categories.has(category.label)) categories.set(category.label, category);
  }
  return [...categories.values()];
}

function labelCategory(entry: unknown): LabelCategory | undefined {
  if (typeof entry === "string" || typeof entry === "number") {
    const label = String(entry);
    return { label, shortName: label, fullName: label };
  }
  if (!isRecord(entry) || typeof entry.label !== "string") return undefined;
  const { label, shortDisplayName, fullDisplayName } = entry;
  return { label, shortName: textOr(shortDisplayName, label), fullName: textOr(fullDisplayName, label) };
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" && value !== "" ? value : otherwise;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a switch is on: present, and not written out as `"false"`. */
export function isOn(element: Element, attribute: string): boolean {
  return element.hasAttribute(attribute) && element.getAttribute(attribute) !== "false";
}
