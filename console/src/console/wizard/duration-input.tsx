/** A length of time, entered in days, hours, minutes and seconds; seconds in the definition. */

import FormField from "@cloudscape-design/components/form-field";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { wizardTexts } from "../../languages/wizard";
import { NumberInput } from "./number-input";

const SECONDS = { days: 86_400, hours: 3_600, minutes: 60, seconds: 1 } as const;
type Unit = keyof typeof SECONDS;

interface DurationInputProps {
  readonly label: string;
  readonly units: readonly Unit[];
  readonly value: number | null;
  readonly onChange: (seconds: number | null) => void;
}

export function DurationInput({ label, units, value, onChange }: DurationInputProps): ReactNode {
  const words = wizardTexts();
  const parts = partsOf(value ?? 0, units);
  return (
    <div role="group" aria-label={label}>
      <SpaceBetween direction="horizontal" size="m">
        {units.map((unit, index) => (
          <div key={unit} style={{ width: 110 }}>
            <FormField label={<span style={{ fontWeight: "normal" }}>{words[unit]}</span>}>
              <NumberInput
                value={value === null ? null : parts[index]!}
                min={0}
                onChange={(number) => {
                  const changed = parts.map((part, other) => (other === index ? Math.max(number ?? 0, 0) : part));
                  onChange(changed.reduce((sum, part, other) => sum + part * SECONDS[units[other]!], 0));
                }}
              />
            </FormField>
          </div>
        ))}
      </SpaceBetween>
    </div>
  );
}

/** The seconds as numbers of the units, the largest first; what the smallest cannot say is left out. */
function partsOf(seconds: number, units: readonly Unit[]): number[] {
  let rest = seconds;
  return units.map((unit) => {
    const part = Math.floor(rest / SECONDS[unit]);
    rest -= part * SECONDS[unit];
    return part;
  });
}
