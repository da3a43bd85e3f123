/** A whole number that may be left out. */

import Input from "@cloudscape-design/components/input";
import type { ReactNode } from "react";

interface NumberInputProps {
  readonly value: number | null;
  readonly min: number;
  readonly max?: number;
  readonly placeholder?: string;
  readonly onChange: (value: number | null) => void;
}

export function NumberInput({ value, min, max, placeholder, onChange }: NumberInputProps): ReactNode {
  return (
    <Input
      type="number"
      inputMode="numeric"
      value={value === null ? "" : String(value)}
      placeholder={placeholder}
      step={1}
      nativeInputAttributes={{ min, max }}
      onChange={({ detail }) => onChange(wholeNumber(detail.value))}
    />
  );
}

function wholeNumber(text: string): number | null {
  const number = Math.trunc(Number(text));
  return text.trim() === "" || !Number.isSafeInteger(number) ? null : number;
}
