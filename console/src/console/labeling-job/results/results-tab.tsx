/** What became of each data object: many at a glance, or one at full size. */

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Problem } from "../../../api/client";
import { resultTexts } from "../../../languages/results";
import { shellTexts } from "../../../languages/shell";
import { useApi } from "../../shell/console";
import { count } from "../../shell/format";
import { ProblemAlert } from "../../shell/problems";
import { jobKey, labelNames } from "../job";
import type { TabProps } from "../labeling-job-page";
import { looksOf } from "./label-colours";
import { type Filters, readResults } from "./result";
import { ResultCard } from "./result-card";
import { ResultFilters } from "./result-filters";
import { ResultView } from "./result-view";
import "./results.css";

/** Pictures' addresses are good for ten minutes; then all that is loaded is read again. */
const ADDRESSES_AGE_MS = 9 * 60_000;
/** So near to the end of what is loaded, more is read. */
const AHEAD = 4;

export default function ResultsTab({ job }: TabProps): ReactNode {
  const words = resultTexts();
  const api = useApi();
  const [filters, setFilters] = useState<Filters>({});
  const [opened, setOpened] = useState<number>();
  const labels = JSON.stringify(labelNames(job));
  // The same function as long as the labels are the same, so that nothing is drawn anew without need.
  const lookOf = useMemo(() => looksOf(JSON.parse(labels) as string[]), [labels]);
  const { data, error, isPending, isFetching, hasNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: [...jobKey(job.project, job.name), "results", filters],
    queryFn: ({ pageParam }) => readResults(api, job, filters, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_token ?? undefined,
    staleTime: ADDRESSES_AGE_MS,
    refetchInterval: ADDRESSES_AGE_MS,
  });
  const results = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data]);
  const close = useCallback(() => setOpened(undefined), []);
  useEffect(() => {
    if (opened !== undefined && opened >= results.length - AHEAD && hasNextPage && !isFetching) void fetchNextPage();
  }, [opened, results.length, hasNextPage, isFetching, fetchNextPage]);

  if (error instanceof Problem && error.status === 409) return <Box padding={{ vertical: "l" }}>{words.noOutput}</Box>;
  const result = opened === undefined ? undefined : results[opened];
  if (opened !== undefined && result) {
    return (
      <ResultView
        project={job.project}
        result={result}
        position={opened}
        loaded={results.length}
        lookOf={lookOf}
        onGo={setOpened}
        onClose={close}
      />
    );
  }
  const change = (narrowed: Filters): void => setFilters(JSON.parse(JSON.stringify(narrowed)) as Filters);
  return (
    <SpaceBetween size="l">
      <Header
        variant="h2"
        description={words.explained}
        counter={isPending ? undefined : `(${count(results.length)}${hasNextPage ? "+" : ""})`}
        actions={
          <Button iconName="refresh" ariaLabel={shellTexts().refresh} loading={isFetching && !isPending} onClick={() => void refetch()} />
        }
      >
        {words.results}
      </Header>
      <ResultFilters labels={labelNames(job)} filters={filters} onChange={change} />
      <ProblemAlert error={error} onRetry={() => void refetch()} />
      <ul className="results-grid" aria-busy={isFetching} onKeyDown={moveInGrid}>
        {results.map((each, position) => (
          <li key={each.object}>
            <ResultCard result={each} lookOf={lookOf} onOpen={() => setOpened(position)} />
          </li>
        ))}
      </ul>
      {isPending && <Spinner size="large" />}
      {!isPending && results.length === 0 && !error && <Box textAlign="center">{hasNextPage ? words.nothingFitsYet : words.nothingFits}</Box>}
      {hasNextPage && (
        <MoreButton isLoading={isFetching} isEndless={results.length > 0} onMore={() => void fetchNextPage()}>
          {results.length === 0 ? words.lookOn : words.loadMore}
        </MoreButton>
      )}
    </SpaceBetween>
  );
}

/** Arrow keys go from card to card. */
function moveInGrid(event: KeyboardEvent<HTMLUListElement>): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return;
  const cards = [...event.currentTarget.querySelectorAll<HTMLButtonElement>("button.result-card")];
  const next = cards[cards.indexOf(document.activeElement as HTMLButtonElement) + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

interface MoreButtonProps {
  readonly isLoading: boolean;
  /** Whether more comes by itself when the reader gets to the end. */
  readonly isEndless: boolean;
  readonly onMore: () => void;
  readonly children: string;
}

function MoreButton({ isLoading, isEndless, onMore, children }: MoreButtonProps): ReactNode {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isEndless || isLoading || end.current === null) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) onMore();
    });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [isEndless, isLoading, onMore]);
  return (
    <div ref={end}>
      <Box textAlign="center">
        <Button loading={isLoading} onClick={onMore}>
          {children}
        </Button>
      </Box>
    </div>
  );
}
