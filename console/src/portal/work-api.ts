/** The API's work routes, as the portal uses them. */

import { answered, Problem, type Api, type Schemas } from "../api/client";
import type { Answer } from "../elements/crowd-form";
import type { WorkerPage } from "../frame/page";

export type Lease = Schemas["Lease"];
export type JobWithWork = Schemas["WorkList"]["items"][number];
export type HistoryEntry = Schemas["WorkHistory"]["items"][number];

/** The next task, or how many objects of the job workers hold now. */
export type NextTask = { readonly lease: Lease } | { readonly withOthers: number };

export class WorkApi {
  constructor(private readonly api: Api) {}

  async jobs(): Promise<JobWithWork[]> {
    const jobs: JobWithWork[] = [];
    let token: string | undefined;
    do {
      const page = await answered(this.api.GET("/work/labeling-jobs", { params: { query: { limit: 200, next_token: token } } }));
      jobs.push(...page.items);
      token = page.next_token ?? undefined;
    } while (token !== undefined);
    return jobs;
  }

  /** A lease on the next task, or the one that this worker holds already. */
  async takeLease(job: string): Promise<NextTask> {
    const call = await this.api.POST("/work/labeling-jobs/{name}/leases", { params: { path: { name: job } } });
    if (call.response.status === 204) return { withOthers: Number(call.response.headers.get("Groundwork-With-Others") ?? 0) };
    return { lease: await answered(Promise.resolve(call)) };
  }

  async page(leaseId: string): Promise<WorkerPage> {
    const call = await this.api.GET("/work/leases/{lease_id}/page", { params: { path: { lease_id: leaseId } }, parseAs: "text" });
    const html = await answered(Promise.resolve(call));
    return { html: String(html), policy: call.response.headers.get("Content-Security-Policy") ?? "default-src 'none'" };
  }

  async renew(leaseId: string): Promise<Lease> {
    return await answered(this.api.POST("/work/leases/{lease_id}/renew", { params: { path: { lease_id: leaseId } } }));
  }

  async saveDraft(leaseId: string, answer: Answer): Promise<void> {
    await answered(this.api.PUT("/work/leases/{lease_id}/draft", { params: { path: { lease_id: leaseId } }, body: { answer } }));
  }

  async answer(leaseId: string, answer: Answer): Promise<void> {
    await answered(this.api.POST("/work/leases/{lease_id}/answer", { params: { path: { lease_id: leaseId } }, body: { answer } }));
  }

  async giveBack(leaseId: string): Promise<void> {
    await answered(this.api.POST("/work/leases/{lease_id}/return", { params: { path: { lease_id: leaseId } } }));
  }

  async decline(leaseId: string, reason: string): Promise<void> {
    await answered(this.api.POST("/work/leases/{lease_id}/decline", { params: { path: { lease_id: leaseId } }, body: { reason } }));
  }

  async history(token: string | undefined): Promise<{ items: HistoryEntry[]; next: string | undefined }> {
    const page = await answered(this.api.GET("/work/history", { params: { query: { limit: 50, next_token: token } } }));
    return { items: page.items, next: page.next_token ?? undefined };
  }
}

/** Whether a request never got to the API, or its answer never came back. */
export function isUnreached(error: unknown): boolean {
  return !(error instanceof Problem) || error.status === 0;
}

/** Whether a request failed on its way, so that the same one may succeed later. */
export function isPassing(error: unknown): boolean {
  return isUnreached(error) || (error instanceof Problem && (error.status === 401 || error.status === 429 || error.status >= 500));
}
