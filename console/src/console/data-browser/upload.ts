/** Uploads into the project's data by the API's presigned forms, with progress. */

import { answered, type Api } from "../../api/client";

const TYPES: Readonly<Record<string, string>> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
  txt: "text/plain",
  csv: "text/csv",
  html: "text/html",
  json: "application/json",
  jsonl: "application/x-ndjson",
  manifest: "application/x-ndjson",
};

/** S3 said no; its answer's status, 0 when it could not be reached. */
export class UploadRefused extends Error {
  constructor(readonly status: number) {
    super(`The upload was refused (${status})`);
    this.name = "UploadRefused";
  }
}

interface UploadWishes {
  /** Below the project's prefix; begins with `datasets/`. */
  readonly key: string;
  readonly file: Blob;
  readonly name: string;
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

/** Uploads one file; its S3 URI. */
export async function upload(api: Api, project: string, { key, file, name, onProgress, signal }: UploadWishes): Promise<string> {
  const body = { key, content_type: typeOf(file, name), size: file.size };
  const { s3_uri, url, fields } = await answered(api.POST("/projects/{project}/uploads", { params: { path: { project } }, body, signal }));
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  // S3 ignores every field after the file.
  form.append("file", file, name);
  await sent(url, form, onProgress, signal);
  return s3_uri;
}

function typeOf(file: Blob, name: string): string {
  return file.type || TYPES[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] || "application/octet-stream";
}

/** fetch does not tell how far an upload is. */
function sent(url: string, form: FormData, onProgress?: (share: number) => void, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.upload.addEventListener("progress", ({ loaded, total }) => total > 0 && onProgress?.(loaded / total));
    request.addEventListener("load", () => (request.status < 300 ? resolve() : reject(new UploadRefused(request.status))));
    request.addEventListener("error", () => reject(new UploadRefused(0)));
    request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}

/** A file's name as a segment of a key: without what S3 or a manifest could stumble over. */
export function keySegment(name: string): string {
  const plain = name.normalize("NFC").replaceAll(/[^\p{L}\p{N}._() -]+/gu, "-").replace(/^\.+/, "");
  return plain === "" ? "file" : plain;
}
