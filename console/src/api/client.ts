/** The HTTP API, typed by docs/openapi.yaml. What it refuses is thrown as a `Problem`. */

import createClient, { type Client } from "openapi-fetch";
import type { Session } from "../sign-in/session";
import type { components, paths } from "../../types/api";

export type Schemas = components["schemas"];
export type Fault = Schemas["Problem"]["errors"][number];
export type Api = Client<paths>;

// How often a request is sent again that the network or the service dropped, and the first pause before that; each later one is twice as long.
const REPEATS = 3;
const FIRST_PAUSE = 400;

/** In If-Match: only if there is none yet, so that what somebody else just made is not replaced (412). */
export const ABSENT = '"none"';

/** A refusal of the API (RFC 9457). `status` 0: it could not be reached. */
export class Problem extends Error {
  readonly status: number;
  readonly faults: readonly Fault[];
  readonly requestId: string | null;

  constructor(status: number, title: string, detail: string, faults: readonly Fault[] = [], requestId: string | null = null) {
    super(detail || title);
    this.name = "Problem";
    this.status = status;
    this.faults = faults;
    this.requestId = requestId;
  }
}

/** The API as the person of the session may use it. */
export function connect(session: Pick<Session, "token" | "renew">): Api {
  // The pages are served by the API itself, one folder below its root.
  const baseUrl = new URL("..", document.baseURI).href.replace(/\/$/, "");
  return createClient<paths>({ baseUrl, fetch: (request) => send(request, session) });
}

/** What a call of the client answers. Throws a `Problem` where the API refused. */
export async function answered<Data>(call: Promise<{ data?: Data; error?: unknown; response: Response }>): Promise<Data> {
  return (await answeredWithEtag(call)).data;
}

/** As `answered`, with the ETag that a later change of the same resource names in If-Match. */
export async function answeredWithEtag<Data>(
  call: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<{ data: Data; etag: string | undefined }> {
  const { data, error, response } = await call;
  if (!response.ok) throw problemOf(response, error);
  return { data: data as Data, etag: response.headers.get("ETag") ?? undefined };
}

function problemOf(response: Response, error: unknown): Problem {
  const told = (typeof error === "object" && error !== null ? error : {}) as Partial<Schemas["Problem"]>;
  return new Problem(response.status, told.title ?? response.statusText, told.detail ?? "", told.errors ?? [], told.request_id ?? null);
}

/** Sends a request with a token, and again where that is safe: reads, and whatever carries a key that makes it count once. */
export async function send(request: Request, session: Pick<Session, "token" | "renew">): Promise<Response> {
  if (request.method === "POST" && !request.headers.has("Idempotency-Key")) request.headers.set("Idempotency-Key", crypto.randomUUID());
  let renewed = false;
  for (let attempt = 0; ; ) {
    request.headers.set("Authorization", `Bearer ${await session.token()}`);
    const answer = await fetch(request.clone()).catch(() => undefined);
    if (answer?.status === 401 && !renewed) {
      renewed = true;
      await session.renew();
      continue;
    }
    const mayPass = answer === undefined || answer.status === 429 || answer.status >= 502;
    if (!mayPass) return answer;
    if (attempt === REPEATS || !isRepeatable(request)) {
      if (answer) return answer;
      throw new Problem(0, "", "");
    }
    const asked = Number(answer?.headers.get("Retry-After") ?? 0) * 1000;
    await new Promise((resolve) => setTimeout(resolve, Math.max(asked, FIRST_PAUSE * 2 ** attempt)));
    attempt += 1;
  }
}

function isRepeatable(request: Request): boolean {
  return request.method !== "PATCH" || request.headers.has("If-Match");
}
