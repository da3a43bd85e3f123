/** A part of a step that is folded away until somebody opens it, or is led to a field while something in it is wrong. */

import ExpandableSection from "@cloudscape-design/components/expandable-section";
import { type ReactNode, useState } from "react";
import type { FieldName } from "./definition";
import { useWizard } from "./wizard-context";

interface SectionProps {
  readonly title: string;
  readonly description?: string;
  readonly fields: readonly FieldName[];
  readonly isOpenFirst?: boolean;
  readonly isContainer?: boolean;
  readonly children: ReactNode;
}

export function Section({ title, description, fields, isOpenFirst = false, isContainer = false, children }: SectionProps): ReactNode {
  const { wanted, faults } = useWizard();
  const [isOpen, setOpen] = useState(isOpenFirst);
  const [followed, setFollowed] = useState<typeof wanted>();
  // While drawing, and not after it: what is folded away takes no focus.
  if (wanted !== followed) {
    setFollowed(wanted);
    const wrong = faults.filter(({ severity }) => severity === "error").map(({ pointer }) => pointer);
    if (wanted !== undefined && [wanted.pointer, ...wrong].some((pointer) => (fields as readonly string[]).includes(pointer?.split("/")[1] ?? ""))) setOpen(true);
  }
  return (
    <ExpandableSection
      variant={isContainer ? "container" : "default"}
      headerText={title}
      headerDescription={description}
      expanded={isOpen}
      onChange={({ detail }) => setOpen(detail.expanded)}
    >
      {children}
    </ExpandableSection>
  );
}
