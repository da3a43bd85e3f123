/** A worker page as the frame shows it: under the policy it came with, and without the script of the elements, which the frame has itself. */

export interface WorkerPage {
  readonly html: string;
  /** The Content-Security-Policy that the API sent with it. */
  readonly policy: string;
}

const ELEMENTS_SCRIPT = /<script\b[^>]*\bsrc\s*=\s*["']?[^"'\s>]*\/crowd-html-elements\.js["']?[^>]*>\s*<\/script\s*>/gi;
/** What a policy within a page cannot say; the frame's own answer says it. */
const ONLY_IN_HEADERS = /^\s*(sandbox|frame-ancestors|report-uri|report-to)\b/i;

export function framedPage(page: WorkerPage, language: string): string {
  const policy = page.policy
    .split(";")
    .filter((directive) => directive.trim() !== "" && !ONLY_IN_HEADERS.test(directive))
    .join(";");
  const head = `<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${escaped(policy)}"><meta name="viewport" content="width=device-width"><title>Groundwork</title>`;
  return `<!doctype html><html lang="${language}"><head>${head}</head><body>${page.html.replace(ELEMENTS_SCRIPT, "")}`;
}

/** Whether a person wrote the template, so that it may bring scripts of its own. */
export function bringsScripts(page: WorkerPage): boolean {
  return page.policy.split(";").some((directive) => /^\s*script-src\s/.test(directive) && directive.includes("'unsafe-inline'"));
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
