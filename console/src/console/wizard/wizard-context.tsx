/** What the parts of the wizard share: the draft, what the API found wrong with it, and which fields a person has been at. */

import { createContext, type ReactNode, useCallback, useContext, useMemo, useState, useSyncExternalStore } from "react";
import type { Schemas } from "../../api/client";
import type { Definition, FieldName, TaskType } from "./definition";
import type { DraftState, DraftStore, FoundFault } from "./draft-store";

export interface Wizard {
  readonly project: string;
  readonly store: DraftStore;
  readonly state: DraftState;
  readonly definition: Definition;
  readonly change: (changes: Partial<Definition>) => void;
  readonly faults: readonly FoundFault[];
  readonly taskTypes: readonly TaskType[];
  readonly taskType: TaskType | undefined;
  readonly service: Schemas["LabelingService"];
  /** Whether the field's faults are shown: it was left once, or its step was to be left. */
  readonly isVisited: (field: FieldName) => boolean;
  readonly visit: (...fields: readonly FieldName[]) => void;
  /** The pointer of the field that a person was last led to; a new object each time. */
  readonly wanted: Wanted | undefined;
  readonly want: (pointer: string) => void;
}

export interface Wanted {
  readonly pointer: string;
}

const WizardContext = createContext<Wizard | undefined>(undefined);

export function useWizard(): Wizard {
  const wizard = useContext(WizardContext);
  if (wizard === undefined) throw new Error("This is no part of the wizard.");
  return wizard;
}

interface WizardProviderProps {
  readonly project: string;
  readonly store: DraftStore;
  readonly taskTypes: readonly TaskType[];
  readonly service: Schemas["LabelingService"];
  readonly children: ReactNode;
}

export function WizardProvider({ project, store, taskTypes, service, children }: WizardProviderProps): ReactNode {
  const state = useSyncExternalStore(store.subscribe, store.state);
  const [visited, setVisited] = useState<ReadonlySet<FieldName>>(new Set());
  const visit = useCallback((...fields: readonly FieldName[]) => {
    setVisited((before) => (fields.every((field) => before.has(field)) ? before : new Set([...before, ...fields])));
  }, []);
  const [wanted, setWanted] = useState<Wanted>();
  const want = useCallback((pointer: string) => setWanted({ pointer }), []);
  const wizard = useMemo<Wizard>(
    () => ({
      project,
      store,
      state,
      definition: state.definition,
      change: (changes) => store.change(changes),
      faults: store.faults(),
      taskTypes,
      taskType: taskTypes.find(({ key }) => key === state.definition.task_type),
      service,
      isVisited: (field) => visited.has(field),
      visit,
      wanted,
      want,
    }),
    [project, store, state, taskTypes, service, visited, visit, wanted, want],
  );
  return <WizardContext value={wizard}>{children}</WizardContext>;
}
