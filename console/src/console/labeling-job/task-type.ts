/** The catalogue of task types. */

import { useQuery } from "@tanstack/react-query";
import { answered, type Schemas } from "../../api/client";
import { useApi } from "../shell/console";

export type TaskType = Schemas["TaskType"];

/** The catalogue's entry for a key; undefined while it is being read, and for a type that is not in it. */
export function useTaskType(key: string | null | undefined): TaskType | undefined {
  const api = useApi();
  const { data } = useQuery({ queryKey: ["task-types"], queryFn: () => answered(api.GET("/task-types")), staleTime: Infinity });
  return data?.items.find((taskType) => taskType.key === key);
}
