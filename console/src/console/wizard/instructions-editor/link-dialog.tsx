/** Makes a link of the selected text, changes the one that the cursor is in, or takes it away. */

import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import type { Editor } from "@tiptap/core";
import { type ReactNode, useState } from "react";
import { wizardTexts } from "../../../languages/wizard";
import { FormDialog } from "../../shell/dialogs";
import { isLinkAllowed } from "./markup";

export function LinkDialog({ editor, onClose }: { readonly editor: Editor; readonly onClose: () => void }): ReactNode {
  const words = wizardTexts();
  const before = String(editor.getAttributes("link").href ?? "");
  const isNew = before === "";
  const { from, to } = editor.state.selection;
  const [address, setAddress] = useState(before || "https://");
  const [text, setText] = useState("");
  const [isChecked, setChecked] = useState(false);
  const needsText = isNew && from === to;
  const isFit = isLinkAllowed(address.trim());

  const apply = (): void => {
    setChecked(true);
    if (!isFit || (needsText && text.trim() === "")) return;
    const href = address.trim();
    const chain = editor.chain().focus();
    if (needsText) chain.insertContent({ type: "text", text: text.trim(), marks: [{ type: "link", attrs: { href } }] }).run();
    else chain.extendMarkRange("link").setLink({ href }).run();
    onClose();
  };
  const remove = (): void => {
    editor.chain().focus().extendMarkRange("link").unsetLink().run();
    onClose();
  };

  return (
    <FormDialog
      title={words.link}
      submit={words.apply}
      onSubmit={apply}
      onDismiss={onClose}
      isTypedInAtOnce
      otherActions={!isNew && <Button onClick={remove}>{words.removeLink}</Button>}
    >
      {needsText && (
        <FormField label={words.linkText} errorText={isChecked && text.trim() === "" ? words.linkTextMissing : undefined}>
          <Input value={text} onChange={({ detail }) => setText(detail.value)} />
        </FormField>
      )}
      <FormField label={words.address} constraintText={words.linkLimit} errorText={isChecked && !isFit ? words.linkRefused : undefined}>
        <Input value={address} inputMode="url" spellcheck={false} onChange={({ detail }) => setAddress(detail.value)} />
      </FormField>
    </FormDialog>
  );
}
