/** A place in S3: typed, or chosen in the project's data. */

import Button from "@cloudscape-design/components/button";
import Input from "@cloudscape-design/components/input";
import type { ReactNode } from "react";

interface LocationInputProps {
  /** What the place is, for the button's name. */
  readonly label: string;
  readonly browse: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** The project's data shall be shown. */
  readonly onBrowse: () => void;
}

export function LocationInput({ label, browse, value, onChange, onBrowse }: LocationInputProps): ReactNode {
  return (
    <div style={{ display: "flex", flexWrap: "wrap", gap: 8 }}>
      <div style={{ flex: "1 1 240px" }}>
        <Input value={value} placeholder="s3://" inputMode="url" autoComplete={false} spellcheck={false} onChange={({ detail }) => onChange(detail.value)} />
      </div>
      <Button formAction="none" onClick={onBrowse} ariaLabel={`${browse}: ${label}`}>
        {browse}
      </Button>
    </div>
  );
}
