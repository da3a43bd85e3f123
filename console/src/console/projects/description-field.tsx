import FormField from "@cloudscape-design/components/form-field";
import Textarea from "@cloudscape-design/components/textarea";
import type { ReactNode } from "react";
import { projectTexts } from "../../languages/projects";
import { shellTexts } from "../../languages/shell";
import { count } from "../shell/format";

const LONGEST = 1_000;

interface DescriptionFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error: ReactNode;
}

/** A project's description, with how much of it is left. */
export function DescriptionField({ value, onChange, error }: DescriptionFieldProps): ReactNode {
  const shell = shellTexts();
  return (
    <FormField
      label={
        <>
          {shell.description} <i>- {shell.optional}</i>
        </>
      }
      constraintText={projectTexts().descriptionHelp(count(LONGEST - [...value].length))}
      errorText={error}
    >
      <Textarea value={value} onChange={({ detail }) => onChange(detail.value)} rows={4} />
    </FormField>
  );
}
