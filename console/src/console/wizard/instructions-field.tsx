/** One of the two instruction texts. Left alone, it is the task type's. */

import Button from "@cloudscape-design/components/button";
import Spinner from "@cloudscape-design/components/spinner";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { lazy, type ReactNode, Suspense } from "react";
import { wizardTexts } from "../../languages/wizard";
import { count } from "../shell/format";
import { Field } from "./field";
import { MOST_CHARACTERS } from "./instructions-editor/markup";
import { useWizard } from "./wizard-context";

const InstructionsEditor = lazy(() => import("./instructions-editor/instructions-editor"));

interface InstructionsFieldProps {
  readonly field: "short_instructions" | "full_instructions";
  readonly label: string;
  readonly description: string;
}

export function InstructionsField({ field, label, description }: InstructionsFieldProps): ReactNode {
  const words = wizardTexts();
  const { project, definition, change, taskType } = useWizard();
  const byDefault = (field === "short_instructions" ? taskType?.default_short_instructions : taskType?.default_full_instructions) ?? "";
  const value = definition[field] ?? byDefault;
  return (
    <Field
      field={field}
      label={label}
      description={description}
      constraint={words.instructionsLimit}
      characterCount={words.charactersAsHtml(count(value.length), count(MOST_CHARACTERS))}
      isStretched
    >
      <SpaceBetween size="xs">
        <Suspense fallback={<Spinner />}>
          <InstructionsEditor project={project} label={label} value={value} onChange={(html) => change({ [field]: html })} />
        </Suspense>
        {definition[field] !== null && byDefault !== "" && (
          <Button variant="inline-link" onClick={() => change({ [field]: null })}>
            {words.restoreDefault}
          </Button>
        )}
      </SpaceBetween>
    </Field>
  );
}
