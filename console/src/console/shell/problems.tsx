/** What the API refused, as people are told of it: beside the field it is about, or above the page. */

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import type { ReactNode } from "react";
import { type Fault, Problem } from "../../api/client";
import { refusalText } from "../../languages/refusals";
import { wordsOf } from "../../languages/rules";
import { shellTexts } from "../../languages/shell";

/** A sentence for any error. */
export function problemText(error: unknown): string {
  if (!(error instanceof Problem)) return error instanceof Error ? error.message : String(error);
  return error.status === 0 ? shellTexts().notReached : refusalText(error);
}

/** The faults of a refusal by the pointer into what was sent (`/labels/0`); none when it was refused for another reason. */
export function faultsOf(error: unknown): readonly Fault[] {
  return error instanceof Problem ? error.faults : [];
}

/** Whether a fault is about the field at the pointer, or about something in it. */
function isAt(fault: Fault, pointer: string): boolean {
  return fault.pointer === pointer || fault.pointer?.startsWith(`${pointer}/`) === true;
}

/** What a form field says of the faults at its pointer and below it: message and remedy of each; undefined for none. */
export function fieldError(faults: readonly Fault[], pointer: string): ReactNode {
  const own = faults.filter((fault) => isAt(fault, pointer));
  if (own.length === 0) return undefined;
  return own.map((fault, index) => <div key={index}>{faultText(fault)}</div>);
}

/** What is wrong, and what to do, in the reader's language. */
function faultText(fault: Fault): string {
  const { message, remedy } = wordsOf(fault);
  return `${message}. ${remedy}`;
}

interface ProblemAlertProps {
  readonly error: unknown;
  /** Pointers of the fields that show their faults themselves. */
  readonly shownElsewhere?: readonly string[];
  readonly onRetry?: () => void;
}

/** Says what was refused and why, with each fault that no field shows; nothing when there is no error. */
export function ProblemAlert({ error, shownElsewhere = [], onRetry }: ProblemAlertProps): ReactNode {
  if (error === null || error === undefined) return null;
  const words = shellTexts();
  const faults = faultsOf(error);
  const rest = faults.filter((fault) => !shownElsewhere.some((pointer) => isAt(fault, pointer)));
  const requestId = error instanceof Problem ? error.requestId : null;
  return (
    <Alert type="error" header={words.failed} action={onRetry && <Button onClick={onRetry}>{words.tryAgain}</Button>}>
      {rest.length === 0 && <div>{faults.length > 0 ? words.seeFields : problemText(error)}</div>}
      {rest.length > 0 && (
        <ul>
          {rest.map((fault, index) => (
            <li key={index}>{faultText(fault)}</li>
          ))}
        </ul>
      )}
      {requestId && error instanceof Problem && error.status >= 500 && <Box variant="small">{words.requestId(requestId)}</Box>}
    </Alert>
  );
}
