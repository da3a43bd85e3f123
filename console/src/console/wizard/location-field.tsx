/** A field for a place in S3. */

import { lazy, type ReactNode, Suspense, useState } from "react";
import { wizardTexts } from "../../languages/wizard";
import { LocationInput } from "../data-browser/location-input";
import type { FieldName } from "./definition";
import { Field } from "./field";
import { useWizard } from "./wizard-context";

const DataBrowser = lazy(() => import("../data-browser/data-browser"));

interface LocationFieldProps {
  readonly field: FieldName;
  readonly label: string;
  readonly kind: "object" | "prefix";
  readonly isOptional?: boolean;
  /** The job writes there. */
  readonly isWritten?: boolean;
  readonly constraint: string;
  readonly value: string | null;
  readonly onChange: (value: string | null) => void;
}

export function LocationField({ field, label, kind, isOptional, isWritten = false, constraint, value, onChange }: LocationFieldProps): ReactNode {
  const words = wizardTexts();
  const { project, visit } = useWizard();
  const [isBrowsing, setBrowsing] = useState(false);
  const browse = isWritten ? words.browse : words.browseOrUpload;
  return (
    <>
      <Field
        field={field}
        label={label}
        isOptional={isOptional}
        isStretched
        constraint={constraint}
      >
        <LocationInput label={label} browse={browse} value={value ?? ""} onChange={(typed) => onChange(typed || null)} onBrowse={() => setBrowsing(true)} />
      </Field>
      {isBrowsing && (
        <Suspense fallback={null}>
          <DataBrowser
            project={project}
            title={label}
            kind={kind}
            isWritten={isWritten}
            start={value}
            onChoose={(chosen) => {
              onChange(chosen);
              visit(field);
              setBrowsing(false);
            }}
            onClose={() => setBrowsing(false)}
          />
        </Suspense>
      )}
    </>
  );
}
