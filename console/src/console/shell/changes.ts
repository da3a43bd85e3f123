/** A change that a person asks for: sent once, said when it is done, and what it changes read anew. */

import { type QueryKey, useMutation, type UseMutationResult, useQueryClient } from "@tanstack/react-query";
import { useConsole } from "./console";

interface ChangeOptions<Data, Wish> {
  /** What is read again, with everything whose key begins so. */
  readonly changes: readonly QueryKey[];
  /** What is said above the page when it is done. */
  readonly done?: (data: Data, wish: Wish) => string;
  readonly onDone?: (data: Data, wish: Wish) => void;
  /** For answers that hold a secret: nothing keeps them but who asked. */
  readonly forgetsAnswer?: boolean;
}

export type Change<Data, Wish> = UseMutationResult<Data, Error, Wish>;

export function useChange<Data, Wish = void>(send: (wish: Wish) => Promise<Data>, options: ChangeOptions<Data, Wish>): Change<Data, Wish> {
  const queries = useQueryClient();
  const { notify } = useConsole();
  return useMutation<Data, Error, Wish>({
    mutationFn: send,
    ...(options.forgetsAnswer && { gcTime: 0 }),
    onSuccess: async (data, wish) => {
      await Promise.all(options.changes.map((queryKey) => queries.invalidateQueries({ queryKey })));
      if (options.done) notify({ type: "success", content: options.done(data, wish) });
      options.onDone?.(data, wish);
    },
  });
}
