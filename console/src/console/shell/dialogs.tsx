/** Dialogs: a form, a question before something is lost, and a secret that is shown once. */

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal, { type ModalProps } from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useId, useState } from "react";
import { shellTexts } from "../../languages/shell";
import { ProblemAlert } from "./problems";

/** How far the change is that a dialog asks for. */
interface Progress {
  readonly isPending: boolean;
  readonly error: unknown;
}

const NOTHING_UNDER_WAY: Progress = { isPending: false, error: undefined };

interface FormDialogProps {
  readonly title: string;
  readonly submit: string;
  readonly onSubmit: () => void;
  readonly onDismiss: () => void;
  /** Left out where nothing is asked of the API. */
  readonly change?: Progress;
  /** Pointers of the fields that show their faults themselves. */
  readonly fields?: readonly string[];
  readonly size?: ModalProps.Size;
  readonly isDisabled?: boolean;
  /** What can be done beside submitting and leaving. */
  readonly otherActions?: ReactNode;
  /** Typing can begin at once; otherwise the focus is on the button that closes the dialog. */
  readonly isTypedInAtOnce?: boolean;
  readonly children: ReactNode;
}

export function FormDialog(props: FormDialogProps): ReactNode {
  const { title, submit, onSubmit, onDismiss, change = NOTHING_UNDER_WAY, fields = [], size, isDisabled = false, otherActions, isTypedInAtOnce = false, children } = props;
  const words = shellTexts();
  const form = useId();
  return (
    <Modal
      visible
      size={size ?? "medium"}
      header={title}
      closeAriaLabel={words.close}
      // A click beside the dialog would throw away what was typed.
      onDismiss={({ detail }) => detail.reason !== "overlay" && onDismiss()}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            {otherActions}
            <Button variant="link" onClick={onDismiss}>
              {words.cancel}
            </Button>
            <Button variant="primary" form={form} formAction="submit" loading={change.isPending} disabled={isDisabled}>
              {submit}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form
        id={form}
        ref={isTypedInAtOnce ? focusFirstField : undefined}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          // In a dialog above another one, this is not the other's.
          event.stopPropagation();
          if (!change.isPending && !isDisabled) onSubmit();
        }}
      >
        <Form>
          <SpaceBetween size="l">
            <ProblemAlert error={change.error} shownElsewhere={fields} />
            {children}
          </SpaceBetween>
        </Form>
      </form>
    </Modal>
  );
}

/** After the dialog has put the focus on its first button. */
function focusFirstField(form: HTMLFormElement | null): void {
  if (form === null) return;
  requestAnimationFrame(() => {
    const field = form.querySelector<HTMLInputElement>("input:not([type=hidden])");
    field?.focus();
    field?.setSelectionRange(field.value.length, field.value.length);
  });
}

interface QuestionDialogProps {
  readonly title: string;
  readonly confirm: string;
  readonly onConfirm: () => void;
  readonly onDismiss: () => void;
  readonly change: Progress;
  /** What must be typed first, where a slip would cost much. */
  readonly typed?: string;
  readonly children: ReactNode;
}

export function QuestionDialog({ title, confirm, onConfirm, onDismiss, change, typed, children }: QuestionDialogProps): ReactNode {
  const words = shellTexts();
  const [text, setText] = useState("");
  return (
    <FormDialog
      title={title}
      submit={confirm}
      onSubmit={onConfirm}
      onDismiss={onDismiss}
      change={change}
      isDisabled={typed !== undefined && text !== typed}
    >
      <Box variant="div">{children}</Box>
      {typed !== undefined && (
        <FormField label={words.typeToConfirm(typed)}>
          <Input value={text} onChange={({ detail }) => setText(detail.value)} autoComplete={false} spellcheck={false} />
        </FormField>
      )}
    </FormDialog>
  );
}

interface SecretDialogProps {
  readonly title: string;
  /** What the secret is for, and what becomes of it. */
  readonly children: ReactNode;
  /** Each value with its name, in the order of reading. */
  readonly values: readonly (readonly [name: string, value: string])[];
  readonly onDismiss: () => void;
}

/** Shows values that the API tells once. Only its own button closes it. */
export function SecretDialog({ title, children, values, onDismiss }: SecretDialogProps): ReactNode {
  const words = shellTexts();
  return (
    <Modal
      visible
      header={title}
      closeAriaLabel={words.close}
      onDismiss={({ detail }) => detail.reason !== "overlay" && onDismiss()}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={onDismiss}>
            {words.close}
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type="warning" header={words.shownOnce}>
          {children}
        </Alert>
        {values.map(([name, value]) => (
          <div key={name}>
            <Box variant="awsui-key-label">{name}</Box>
            <CopyToClipboard
              variant="inline"
              textToCopy={value}
              textToDisplay={value}
              copyButtonAriaLabel={`${words.copy}: ${name}`}
              copySuccessText={words.copied}
              copyErrorText={words.copyFailed}
            />
          </div>
        ))}
      </SpaceBetween>
    </Modal>
  );
}
