import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { peopleTexts } from "../../languages/people";

/** Whether a person may sign in, and has done so yet. */
export function PersonStatus({ person: { enabled, status } }: { readonly person: Schemas["Person"] }): ReactNode {
  const words = peopleTexts();
  if (!enabled) return <StatusIndicator type="stopped">{words.disabled}</StatusIndicator>;
  if (status === "invited") return <StatusIndicator type="pending">{words.statusInvited}</StatusIndicator>;
  if (status === "confirmed") return <StatusIndicator type="success">{words.statusConfirmed}</StatusIndicator>;
  return <StatusIndicator type="warning">{words.statusOther}</StatusIndicator>;
}
