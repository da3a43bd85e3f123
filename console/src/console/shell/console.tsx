/** What every page of the console works with: the API, who is signed in, and where to say what happened. */

import { useQuery } from "@tanstack/react-query";
import type { FlashbarProps } from "@cloudscape-design/components/flashbar";
import { createContext, useContext, useSyncExternalStore } from "react";
import { answered, type Api, type Schemas } from "../../api/client";
import { language, onLanguageChange, type Language } from "../../languages/language";
import type { Session } from "../../sign-in/session";

export interface Console {
  readonly api: Api;
  readonly session: Session;
  /** Shows a message above the page until it is dismissed or replaced by one of the same id. */
  readonly notify: (notice: FlashbarProps.MessageDefinition) => void;
}

export const ConsoleContext = createContext<Console | undefined>(undefined);

export function useConsole(): Console {
  const console = useContext(ConsoleContext);
  if (console === undefined) throw new Error("This is no part of the console's page.");
  return console;
}

export function useApi(): Api {
  return useConsole().api;
}

/** The chosen language; who calls it is rendered anew after a switch. Pages need not: the shell renders them all. */
export function useLanguage(): Language {
  return useSyncExternalStore(onLanguageChange, language);
}

/** Who is signed in, with their projects and teams. */
export function useMe(): Schemas["Me"] | undefined {
  const api = useApi();
  return useQuery({ queryKey: ["me"], queryFn: () => answered(api.GET("/me")), staleTime: 60_000 }).data;
}

/** What the person is in a project, and so may do there. */
export interface Standing {
  readonly isAdmin: boolean;
  /** Members add to the project: labeling jobs, uploads, manifests. Administrators do not, unless they are members. */
  readonly isMember: boolean;
  readonly isOwner: boolean;
  /** Owners and administrators decide who is a member and who hears of the labeling jobs. */
  readonly isManager: boolean;
}

export function useStanding(project: string): Standing {
  const me = useMe();
  const role = me?.projects.find(({ name }) => name === project)?.role;
  const isAdmin = me?.is_admin ?? false;
  const isOwner = role === "owner";
  return { isAdmin, isMember: role !== undefined, isOwner, isManager: isAdmin || isOwner };
}
