/** One field of the wizard: its limit before it is broken, and what the API found wrong with it once somebody has been there. */

import FormField from "@cloudscape-design/components/form-field";
import type { ReactNode } from "react";
import { Problem } from "../../api/client";
import { wizardTexts } from "../../languages/wizard";
import { fieldError, faultsOf } from "../shell/problems";
import type { FieldName } from "./definition";
import type { FoundFault } from "./draft-store";
import { useWizard } from "./wizard-context";

/** The id of the element that a fault's pointer leads to. */
export function idOfField(pointer: string): string {
  return `field${pointer.replaceAll("/", "-")}`;
}

/** Brings a person to the field of a fault, or to the part of the form that it is in. */
export function focusField(pointer: string): void {
  for (let path = pointer; path !== ""; path = path.slice(0, path.lastIndexOf("/"))) {
    const place = document.getElementById(idOfField(path));
    if (place === null) continue;
    place.scrollIntoView({ block: "center" });
    place.querySelector<HTMLElement>("input, textarea, button, select, [contenteditable=true], [tabindex='0']")?.focus();
    return;
  }
}

interface Faults {
  readonly error: ReactNode;
  readonly warning: ReactNode;
}

/** The faults at a pointer as a field shows them. `below`: with those of what is in it. */
export function useFaultsAt(field: FieldName, pointer: string, below: boolean): Faults {
  const { faults, isVisited, state } = useWizard();
  const refused = refusedAt(state.error, field);
  if (!isVisited(field) && refused === undefined) return { error: undefined, warning: undefined };
  const own = faults.filter((fault) => (below ? fault.pointer?.startsWith(pointer) : fault.pointer === pointer));
  const texts = (severity: FoundFault["severity"]): ReactNode =>
    fieldError(own.filter((fault) => fault.severity === severity).map((fault) => ({ ...fault, pointer: fault.pointer ?? null })), pointer);
  return { error: refused ?? texts("error"), warning: texts("warning") };
}

/** What kept the draft from being saved at all, when it is this field's. */
function refusedAt(error: unknown, field: FieldName): ReactNode {
  const faults = fieldError(faultsOf(error), `/${field}`);
  if (faults !== undefined) return faults;
  // The only conflict of a draft that is created is its name.
  if (field === "name" && error instanceof Problem && error.status === 409) return wizardTexts().nameTaken;
  return undefined;
}

interface FieldProps {
  readonly field: FieldName;
  /** Of what the field shows, when that is only a part of the definition's field. */
  readonly pointer?: string;
  readonly label: string;
  readonly isOptional?: boolean;
  readonly constraint?: ReactNode;
  readonly description?: ReactNode;
  readonly characterCount?: string;
  readonly isStretched?: boolean;
  /** Shows the faults of what is in the field too; a list shows those of its entries beside them. */
  readonly withFaultsBelow?: boolean;
  /** What is wrong before the API was asked. */
  readonly ownError?: string;
  readonly onLeave?: () => void;
  readonly children: ReactNode;
}

export function Field(props: FieldProps): ReactNode {
  const { field, pointer = `/${field}`, label, isOptional = false, withFaultsBelow = true, ownError } = props;
  const { visit, isVisited } = useWizard();
  const { error, warning } = useFaultsAt(field, pointer, withFaultsBelow);
  const words = wizardTexts();
  const left = (event: React.FocusEvent<HTMLDivElement>): void => {
    // Into a dialog of the field's own is not away from it.
    if (event.currentTarget.contains(event.relatedTarget) || event.relatedTarget?.closest("[role=dialog]")) return;
    visit(field);
    props.onLeave?.();
  };
  return (
    <div id={idOfField(pointer)} onBlur={left}>
      <FormField
        label={isOptional ? <>{label} <i>– {words.optional}</i></> : label}
        description={props.description}
        constraintText={props.constraint}
        characterCountText={props.characterCount}
        stretch={props.isStretched}
        errorText={error ?? (isVisited(field) ? ownError : undefined)}
        warningText={error === undefined ? warning : undefined}
      >
        {props.children}
      </FormField>
    </div>
  );
}
