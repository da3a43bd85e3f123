/** Which results are shown. The API looks for them, so that a job of any size can be searched. */

import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select, { type SelectProps } from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useState } from "react";
import { resultTexts } from "../../../languages/results";
import { percent } from "../../shell/format";
import type { Filters, ResultState } from "./result";

const STRONG = 0.5;
/** The value of a choice that narrows nothing. */
const ANY = "";

interface ResultFiltersProps {
  readonly labels: readonly string[];
  readonly filters: Filters;
  readonly onChange: (filters: Filters) => void;
}

export function ResultFilters({ labels, filters, onChange }: ResultFiltersProps): ReactNode {
  const words = resultTexts();
  const states = [
    { value: ANY, label: words.anyState },
    { value: "labeled", label: words.stateLabeled },
    { value: "failed", label: words.stateFailed },
    { value: "unlabeled", label: words.stateUnlabeled },
    { value: "unreadable", label: words.stateUnreadable },
  ];
  const disagreements = [
    { value: ANY, label: words.anyDisagreement },
    { value: "0", label: words.someDisagreement },
    { value: String(STRONG), label: words.strongDisagreement(percent(STRONG)) },
  ];
  const isFiltered = Object.values(filters).some((value) => value !== undefined);
  return (
    <SpaceBetween direction="horizontal" size="s" alignItems="end">
      {labels.length > 0 && (
        <Choice
          name={words.label}
          options={[{ value: ANY, label: words.anyLabel }, ...labels.map((label) => ({ value: label, label }))]}
          chosen={filters.label}
          isSearched={labels.length > 12}
          onChoose={(label) => onChange({ ...filters, label })}
        />
      )}
      <Choice name={words.state} options={states} chosen={filters.state} onChoose={(state) => onChange({ ...filters, state: state as ResultState | undefined })} />
      <Choice
        name={words.disagreement}
        options={disagreements}
        chosen={filters.disagreement === undefined ? undefined : String(filters.disagreement)}
        onChoose={(share) => onChange({ ...filters, disagreement: share === undefined ? undefined : Number(share) })}
      />
      <ShareInput name={words.confidenceFrom} share={filters.minConfidence} onChange={(minConfidence) => onChange({ ...filters, minConfidence })} />
      <ShareInput name={words.confidenceTo} share={filters.maxConfidence} onChange={(maxConfidence) => onChange({ ...filters, maxConfidence })} />
      {isFiltered && <Button onClick={() => onChange({})}>{words.clearFilters}</Button>}
    </SpaceBetween>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly options: readonly SelectProps.Option[];
  readonly chosen: string | undefined;
  readonly isSearched?: boolean;
  readonly onChoose: (value: string | undefined) => void;
}

function Choice({ name, options, chosen = ANY, isSearched = false, onChoose }: ChoiceProps): ReactNode {
  return (
    <FormField label={name}>
      <Select
        selectedOption={options.find(({ value }) => value === chosen) ?? null}
        options={options}
        filteringType={isSearched ? "auto" : "none"}
        expandToViewport
        onChange={({ detail }) => onChoose(detail.selectedOption.value || undefined)}
      />
    </FormField>
  );
}

/** A percentage; it takes effect with Enter or when it is left. */
function ShareInput({ name, share, onChange }: { readonly name: string; readonly share: number | undefined; readonly onChange: (share: number | undefined) => void }): ReactNode {
  const [typed, setTyped] = useState<string>();
  const apply = (): void => {
    if (typed === undefined) return;
    const wanted = typed.trim() === "" ? undefined : Math.min(Math.max(Number(typed) / 100, 0), 1);
    setTyped(undefined);
    if (wanted === undefined || Number.isFinite(wanted)) onChange(wanted);
  };
  return (
    <FormField label={name}>
      <Input
        type="number"
        inputMode="numeric"
        value={typed ?? (share === undefined ? "" : String(Math.round(share * 100)))}
        onChange={({ detail }) => setTyped(detail.value)}
        onBlur={apply}
        onKeyDown={({ detail }) => detail.key === "Enter" && apply()}
      />
    </FormField>
  );
}
