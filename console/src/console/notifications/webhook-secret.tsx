import type { ReactNode } from "react";
import { notificationTexts } from "../../languages/notifications";
import { SecretDialog } from "../shell/dialogs";

export interface Secret {
  readonly id: string;
  readonly secret: string;
}

/** The signing secret of a webhook, this once. */
export function WebhookSecret({ id, secret, onClose }: Secret & { readonly onClose: () => void }): ReactNode {
  const words = notificationTexts();
  return (
    <SecretDialog title={words.secretTitle(id)} values={[[words.secret, secret]]} onDismiss={onClose}>
      {words.secretHelp}
    </SecretDialog>
  );
}
