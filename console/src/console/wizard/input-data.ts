/** What the wizard knows of the job's data before the API validates it: the first line of a manifest, and how many objects there are. */

import { useQuery } from "@tanstack/react-query";
import { isRecord } from "../../elements/attributes";
import { answered, type Api, type Schemas } from "../../api/client";
import { useApi } from "../shell/console";

// What is read of a manifest, or listed of a folder, at most; beyond that the number of objects is estimated.
const MOST_BYTES = 32 * 1024 ** 2;
const MOST_PAGES = 25;
const PAGE = 200;

type Line = Readonly<Record<string, unknown>>;

/** A number of objects; `isExact` false where only a part was counted. */
export interface InputSize {
  readonly objects: number;
  /** Of these, how many hold the job's label attribute already and are not sent out again. */
  readonly labeled: number;
  readonly isExact: boolean;
}

/** The first line of a manifest; undefined while there is none to be had. */
export function useFirstLine(project: string, manifestUri: string | null): Line | undefined {
  const api = useApi();
  return useQuery({
    queryKey: ["projects", project, "first-line", manifestUri],
    enabled: isS3Object(manifestUri),
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      // A hint: what cannot be read is found by the validation too.
      return await firstLine(api, project, manifestUri!, signal).catch(() => null);
    },
  }).data ?? undefined;
}

/** How many objects the job would have; undefined while that is not known. */
export function useInputSize(
  project: string,
  input: { readonly manifestUri: string | null; readonly prefixUri: string | null; readonly category: string | null; readonly labelAttribute: string },
): { readonly size: InputSize | undefined; readonly isCounting: boolean } {
  const api = useApi();
  const { manifestUri, prefixUri, category, labelAttribute } = input;
  const { data, isFetching } = useQuery({
    queryKey: ["projects", project, "input-size", manifestUri, prefixUri, category, labelAttribute],
    enabled: isS3Object(manifestUri) || prefixUri !== null,
    staleTime: 60_000,
    // A hint, and no reason to keep anybody from submitting: whatever is in the way of counting is found by the validation too.
    queryFn: async ({ signal }) =>
      await (manifestUri !== null ? countLines(api, project, manifestUri, labelAttribute, signal) : countUnder(api, project, prefixUri!, category, signal)).catch(() => null),
  });
  return { size: data ?? undefined, isCounting: isFetching };
}

function isS3Object(uri: string | null): boolean {
  return uri !== null && /^s3:\/\/[^/]+\/.*[^/]$/.test(uri);
}

interface Opened {
  readonly stream: ReadableStream<Uint8Array>;
  readonly size: number | undefined;
}

async function opened(api: Api, project: string, s3_uri: string, signal: AbortSignal): Promise<Opened> {
  const { url } = await answered(api.GET("/projects/{project}/objects/url", { params: { path: { project }, query: { s3_uri } }, signal }));
  const answer = await fetch(url, { signal });
  if (!answer.ok || answer.body === null) throw new Error(`${s3_uri}: ${answer.status}`);
  const size = answer.headers.get("Content-Length");
  return { stream: answer.body, size: size === null ? undefined : Number(size) };
}

/** The lines of a text as they arrive; stops reading when the caller stops asking. */
async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += decoder.decode(value, { stream: !done });
      const complete = rest.split("\n");
      rest = complete.pop() ?? "";
      yield* complete;
      if (done) break;
    }
    if (rest !== "") yield rest;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function parsed(line: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function firstLine(api: Api, project: string, uri: string, signal: AbortSignal): Promise<Line | null> {
  const { stream } = await opened(api, project, uri, signal);
  for await (const line of linesOf(stream)) return parsed(line) ?? null;
  return null;
}

async function countLines(api: Api, project: string, uri: string, labelAttribute: string, signal: AbortSignal): Promise<InputSize> {
  const { stream, size } = await opened(api, project, uri, signal);
  let objects = 0;
  let labeled = 0;
  let read = 0;
  for await (const line of linesOf(stream)) {
    read += line.length + 1;
    if (line.trim() === "") continue;
    objects += 1;
    // Parsed only where it may matter.
    if (labelAttribute !== "" && line.includes(`"${labelAttribute}"`) && labelAttribute in (parsed(line) ?? {})) labeled += 1;
    if (read < MOST_BYTES) continue;
    const share = size === undefined ? 1 : Math.max(size / read, 1);
    return { objects: Math.round(objects * share), labeled: Math.round(labeled * share), isExact: false };
  }
  return { objects, labeled, isExact: true };
}

const PICTURE = /\.(jpe?g|png)$/i;

async function countUnder(api: Api, project: string, prefix: string, category: string | null, signal: AbortSignal): Promise<InputSize> {
  const waiting = [prefix.endsWith("/") ? prefix : `${prefix}/`];
  let objects = 0;
  // Of texts, a file may hold many objects (one per row), which a listing does not show.
  let isExact = category === "Image";
  let pages = 0;
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    let next_token: string | undefined;
    do {
      if (++pages > MOST_PAGES) return { objects, labeled: 0, isExact: false };
      const query = { prefix: folder, limit: PAGE, next_token };
      const page: Schemas["BrowsedObjectList"] = await answered(api.GET("/projects/{project}/objects", { params: { path: { project }, query }, signal }));
      for (const { kind, s3_uri, name } of page.items) {
        if (kind === "prefix") waiting.push(s3_uri);
        else if (category !== "Image" || PICTURE.test(name)) objects += 1;
      }
      next_token = page.next_token ?? undefined;
    } while (next_token !== undefined);
  }
  return { objects, labeled: 0, isExact };
}
