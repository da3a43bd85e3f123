/**
 * The HTML of instructions as the API takes it (groundwork/worker_task_template.py): an allow-list of tags and attributes, links to https and mailto
 * addresses, pictures from https addresses or from S3 through `grant_read_access`.
 */

import allowed from "./allowed-markup.json";

const TAGS: ReadonlySet<string> = new Set(allowed.tags);
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = allowed.attributes;
/** Their content is no text for people. */
const DROPPED = new Set(["script", "style", "noscript", "template", "title", "head", "object", "iframe", "svg", "math", "textarea", "select"]);

const GRANTED = /^\s*\{\{-?\s*(['"])([^'"]*)\1\s*\|\s*(?:grant_read_access|s3_presign)\s*-?\}\}\s*$/;
/** What the API writes into Liquid; anything else in a URI is refused. */
const SAFE_URI = /^s3:\/\/[^/'"{}\\<>&\s]+\/[^'"{}\\<>&\u0000-\u001f\u007f]+$/;

/** How many characters instructions may have as HTML. */
export const MOST_CHARACTERS = 50_000;

/** The S3 object that a picture's `src` names through `grant_read_access`. */
export function s3UriOf(src: string): string | undefined {
  return GRANTED.exec(src)?.[2];
}

/** A picture's `src` for an address as people type it; undefined for one that workers would not see. */
export function pictureSource(address: string): string | undefined {
  const typed = address.trim();
  if (/^https:\/\/\S+$/i.test(typed)) return typed;
  return SAFE_URI.test(typed) ? `{{ '${typed}' | grant_read_access }}` : undefined;
}

/** Whether workers may follow the link. */
export function isLinkAllowed(address: string): boolean {
  return /^(https:\/\/|mailto:)\S+$/i.test(address);
}

export interface Cleaned {
  readonly html: string;
  /** Pictures that workers would not see, and that were left out. */
  readonly picturesLeftOut: number;
}

/** HTML from anywhere, reduced to what instructions may hold. Nothing in it is loaded or run. */
export function cleaned(html: string): Cleaned {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  const counted = { pictures: 0 };
  clean(body, counted);
  return { html: body.innerHTML, picturesLeftOut: counted.pictures };
}

/** Cleans what is in an element, in place. */
export function clean(parent: Element, counted = { pictures: 0 }): void {
  for (const node of [...parent.childNodes]) {
    if (node.nodeType === Node.TEXT_NODE) continue;
    if (!(node instanceof Element) || DROPPED.has(node.localName)) {
      node.remove();
      continue;
    }
    clean(node, counted);
    if (!TAGS.has(node.localName)) {
      node.replaceWith(...node.childNodes);
      continue;
    }
    for (const { name } of [...node.attributes]) {
      if (!ATTRIBUTES["*"]!.includes(name) && !ATTRIBUTES[node.localName]?.includes(name)) node.removeAttribute(name);
    }
    if (node.localName === "a" && !isLinkAllowed(node.getAttribute("href") ?? "")) node.removeAttribute("href");
    if (node.localName === "img" && !isPictureAllowed(node.getAttribute("src") ?? "")) {
      counted.pictures += 1;
      node.remove();
    }
  }
}

function isPictureAllowed(src: string): boolean {
  const uri = s3UriOf(src);
  return uri === undefined ? /^https:\/\//i.test(src) : SAFE_URI.test(uri);
}

const SAME: Readonly<Record<string, string>> = { b: "strong", i: "em", del: "s" };
/** They say nothing by themselves. */
const IDLE = new Set(["div", "span", "tbody", "p"]);

/** Whether `shown` still has every kind of mark-up that the allowed part of `html` has: an editor that knows less must not lose it. */
export function keepsMarkup(html: string, shown: string): boolean {
  const kept = tally(shown);
  return [...tally(cleaned(html).html)].every(([tag, number]) => (kept.get(tag) ?? 0) >= number);
}

function tally(html: string): Map<string, number> {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  const numbers = new Map<string, number>();
  for (const { localName } of body.querySelectorAll(":not(a:not([href]))")) {
    const tag = SAME[localName] ?? localName;
    if (!IDLE.has(tag)) numbers.set(tag, (numbers.get(tag) ?? 0) + 1);
  }
  return numbers;
}
