/** A person of the user pool: administrators choose from those who are there, others type a name. */

import Autosuggest from "@cloudscape-design/components/autosuggest";
import FormField from "@cloudscape-design/components/form-field";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { answered } from "../../api/client";
import { peopleTexts } from "../../languages/people";
import { useApi, useMe } from "../shell/console";

interface PersonFieldProps {
  readonly label: string;
  readonly description?: string;
  readonly value: string;
  readonly onChange: (username: string) => void;
  readonly error: ReactNode;
  readonly autoFocus?: boolean;
}

const SHOWN = 20;

export function PersonField({ label, description, value, onChange, error, autoFocus = false }: PersonFieldProps): ReactNode {
  const words = peopleTexts();
  const api = useApi();
  const isAdmin = useMe()?.is_admin === true;
  // What is typed, once typing pauses; undefined before the field is entered.
  const [search, setSearch] = useState<string>();
  const found = useQuery({
    queryKey: ["people", "found", search],
    queryFn: () => answered(api.GET("/people", { params: { query: { limit: SHOWN, ...(search && { search }) } } })),
    enabled: isAdmin && search !== undefined,
    placeholderData: (before) => before,
  });
  return (
    <FormField label={label} description={description} errorText={error}>
      <Autosuggest
        value={value}
        onChange={({ detail }) => onChange(detail.value)}
        onLoadItems={({ detail }) => setSearch(detail.filteringText.trim())}
        options={(found.data?.items ?? []).map(({ username, email, enabled }) => ({
          value: username,
          ...(email !== null && { description: email }),
          ...(!enabled && { labelTag: words.disabled }),
        }))}
        filteringType="manual"
        enteredTextLabel={words.use}
        statusType={found.isFetching ? "loading" : found.error ? "error" : "finished"}
        loadingText={words.searching}
        errorText={words.searchFailed}
        empty={isAdmin ? words.nobodyFound : ""}
        autoFocus={autoFocus}
      />
    </FormField>
  );
}
