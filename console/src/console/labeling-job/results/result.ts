/** The job's results, as the API lists them: page by page, filtered by the API. */

import { answered, type Api, type Schemas } from "../../../api/client";
import { type LabelingJob, pathOf } from "../job";

export type Result = Schemas["Result"];
export type ResultState = Schemas["ResultState"];
export type ResultPage = Pick<Schemas["ResultList"], "items" | "next_token">;

/** What the list is narrowed to; confidence and disagreement as shares of 1. */
export interface Filters {
  readonly state?: ResultState;
  readonly label?: string;
  readonly minConfidence?: number;
  readonly maxConfidence?: number;
  /** At least so much; 0 stands for any at all. */
  readonly disagreement?: number;
}

export const RESULTS_OF_A_PAGE = 24;
/** A request reads a bounded part of the output; with a filter that little fits, many may find nothing. Then somebody is asked before more is read. */
const REQUESTS_AT_ONCE = 8;

/** The next results: as many as a page of the screen shows, or as some requests found. */
export async function readResults(api: Api, job: LabelingJob, filters: Filters, nextToken: string | undefined): Promise<ResultPage> {
  const items: Result[] = [];
  let token = nextToken;
  for (let requests = 0; requests < REQUESTS_AT_ONCE && items.length < RESULTS_OF_A_PAGE; requests++) {
    const query = { ...queryOf(filters), limit: RESULTS_OF_A_PAGE - items.length, next_token: token };
    const page = await answered(
      api.GET("/projects/{project}/labeling-jobs/{name}/results", { params: { path: pathOf(job), query } }),
    );
    items.push(...page.items);
    token = page.next_token ?? undefined;
    if (token === undefined) break;
  }
  return { items, next_token: token ?? null };
}

function queryOf({ state, label, minConfidence, maxConfidence, disagreement }: Filters) {
  return {
    state,
    label,
    min_confidence: minConfidence,
    max_confidence: maxConfidence,
    ...(disagreement === 0 ? { disagreement: true } : { min_disagreement: disagreement }),
  };
}
