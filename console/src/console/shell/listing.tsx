/** Lists of the API as tables: read page by page by the API's cursor; what is loaded can be searched and sorted. */

import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { shellTexts } from "../../languages/shell";
import { count } from "./format";

/** Rows of one page on the screen, and items of one request. */
const ROWS = 25;
export const ITEMS_OF_A_REQUEST = 100;

// How often a list is read again while something in it moves by itself, for each page of the API that is loaded.
const REFRESHED_AFTER = 4_000;

export interface Listed<Item> {
  readonly items: readonly Item[];
  readonly isLoading: boolean;
  readonly isRefreshing: boolean;
  readonly error: unknown;
  /** Whether the API has more than is loaded. */
  readonly hasMore: boolean;
  readonly loadMore: () => Promise<unknown>;
  readonly refresh: () => void;
}

interface ApiPage<Item> {
  readonly items: readonly Item[];
  /** Left out, or null, at the end. */
  readonly next_token?: string | null;
}

interface ListedOptions<Item> {
  readonly enabled?: boolean;
  /** Whether an item changes by itself before long; while one does, the list is read again every few seconds. */
  readonly isMoving?: (item: Item) => boolean;
}

export function useListed<Item>(
  queryKey: QueryKey,
  read: (nextToken: string | undefined) => Promise<ApiPage<Item>>,
  { enabled = true, isMoving }: ListedOptions<Item> = {},
): Listed<Item> {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_token ?? undefined,
    enabled,
    refetchInterval: ({ state }) => {
      const pages = state.data?.pages ?? [];
      return isMoving && pages.some(({ items }) => items.some(isMoving)) ? REFRESHED_AFTER * pages.length : false;
    },
  });
  return {
    items: query.data?.pages.flatMap(({ items }) => items) ?? [],
    isLoading: query.isPending && enabled,
    isRefreshing: query.isFetching,
    error: query.error,
    hasMore: query.hasNextPage,
    loadMore: () => query.fetchNextPage(),
    refresh: () => void query.refetch(),
  };
}

/** How many there are, as far as is known: "(12)", or "(100+)". */
export function counterOf(list: Listed<unknown>): string | undefined {
  if (list.isLoading || (list.error !== null && list.items.length === 0)) return undefined;
  return `(${count(list.items.length)}${list.hasMore ? "+" : ""})`;
}

interface ListTableProps<Item> {
  /** What is in the table: its name for those who cannot see it. */
  readonly label: string;
  readonly list: Listed<Item>;
  readonly columns: readonly TableProps.ColumnDefinition<Item>[];
  readonly trackBy: (item: Item) => string;
  /** What the search looks through; without it there is none. */
  readonly searched?: (item: Item) => readonly (string | null | undefined)[];
  readonly searchLabel?: string;
  /** What is said, and offered, where the API has nothing. */
  readonly empty: string;
  readonly emptyAction?: ReactNode;
  /** Beside the search, such as a filter that the API applies. */
  readonly filters?: ReactNode;
  readonly header?: ReactNode;
}

export function ListTable<Item>({
  label,
  list,
  columns,
  trackBy,
  searched,
  searchLabel,
  empty,
  emptyAction,
  filters,
  header,
}: ListTableProps<Item>): ReactNode {
  const words = shellTexts();
  const { items, collectionProps, filterProps, filteredItemsCount, paginationProps, actions } = useCollection(list.items, {
    filtering: {
      filteringFunction: (item, text) => includes(searched?.(item) ?? [], text),
      empty: <Nothing text={empty}>{emptyAction}</Nothing>,
      noMatch: (
        <Nothing text={list.hasMore ? words.noMatchAmongLoaded(count(list.items.length)) : words.noMatch}>
          <SpaceBetween direction="horizontal" size="xs">
            {list.hasMore && (
              <Button loading={list.isRefreshing} onClick={() => void list.loadMore()}>
                {words.loadMore}
              </Button>
            )}
            <Button onClick={() => actions.setFiltering("")}>{words.clearSearch}</Button>
          </SpaceBetween>
        </Nothing>
      ),
    },
    pagination: { pageSize: ROWS },
    sorting: {},
  });
  const { pagesCount } = paginationProps;
  const turnOver = async (page: number, isThere: boolean): Promise<void> => {
    if (!isThere) await list.loadMore();
    actions.setCurrentPage(page);
  };
  return (
    <Table<Item>
      {...collectionProps}
      variant="container"
      items={items}
      columnDefinitions={columns}
      trackBy={trackBy}
      header={header}
      loading={list.isLoading}
      loadingText={words.loading}
      wrapLines
      ariaLabels={{ tableLabel: label }}
      filter={
        (searched || filters) && (
          <div style={{ display: "flex", flexWrap: "wrap", gap: "0.5rem" }}>
            {searched && (
              <div style={{ flex: "1 1 16rem", maxInlineSize: "28rem" }}>
                <TextFilter
                  {...filterProps}
                  filteringAriaLabel={searchLabel ?? words.search}
                  filteringPlaceholder={searchLabel ?? words.search}
                  countText={words.matches(filteredItemsCount ?? 0)}
                />
              </div>
            )}
            {filters}
          </div>
        )
      }
      pagination={
        (pagesCount > 1 || list.hasMore) && (
          <Pagination
            currentPageIndex={paginationProps.currentPageIndex}
            pagesCount={pagesCount}
            openEnd={list.hasMore}
            disabled={list.isLoading}
            onChange={({ detail }) => void turnOver(detail.currentPageIndex, detail.currentPageIndex <= pagesCount)}
            ariaLabels={{
              paginationLabel: words.pages,
              previousPageLabel: words.previousPage,
              nextPageLabel: words.nextPage,
              pageLabel: words.pageNumber,
            }}
          />
        )
      }
    />
  );
}

function includes(texts: readonly (string | null | undefined)[], wanted: string): boolean {
  const plain = wanted.trim().toLocaleLowerCase();
  return plain === "" || texts.some((text) => text?.toLocaleLowerCase().includes(plain));
}

function Nothing({ text, children }: { readonly text: string; readonly children?: ReactNode }): ReactNode {
  return (
    <Box textAlign="center" color="inherit" padding={{ vertical: "s" }}>
      <SpaceBetween size="xs" alignItems="center">
        <Box color="text-body-secondary">{text}</Box>
        {children}
      </SpaceBetween>
    </Box>
  );
}

interface RowButtonProps {
  /** What it does; the name of its row is added for those who cannot see it. */
  readonly text: string;
  readonly of: string;
  readonly onClick: () => void;
  readonly loading?: boolean;
  /** Why it cannot be pressed now. */
  readonly disabledReason?: string | undefined;
}

/** What can be done with one row of a table. */
export function RowButton({ text, of, onClick, loading = false, disabledReason }: RowButtonProps): ReactNode {
  return (
    <Button
      variant="inline-link"
      // A narrow column would break it within a word.
      wrapText={false}
      ariaLabel={`${text} ${of}`}
      onClick={onClick}
      loading={loading}
      disabled={disabledReason !== undefined}
      {...(disabledReason !== undefined && { disabledReason })}
    >
      {text}
    </Button>
  );
}

export function RowButtons({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <SpaceBetween direction="horizontal" size="s">
      {children}
    </SpaceBetween>
  );
}
