/** Makes a link of the selected text, changes the one that the cursor is in, or takes it away. */

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Editor } from "@tiptap/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { wizardTexts } from "../../../languages/wizard";
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

  const apply = (event?: FormEvent): void => {
    event?.preventDefault();
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
    <Modal
      visible
      header={words.link}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            {!isNew && <Button onClick={remove}>{words.removeLink}</Button>}
            <Button variant="link" onClick={onClose}>
              {words.cancel}
            </Button>
            <Button variant="primary" onClick={() => apply()}>
              {words.apply}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form onSubmit={apply}>
        <SpaceBetween size="m">
          {needsText && (
            <FormField label={words.linkText} errorText={isChecked && text.trim() === "" ? words.linkTextMissing : undefined}>
              <Input value={text} onChange={({ detail }) => setText(detail.value)} />
            </FormField>
          )}
          <FormField label={words.address} constraintText={words.linkLimit} errorText={isChecked && !isFit ? words.linkRefused : undefined}>
            <Input value={address} inputMode="url" spellcheck={false} autoFocus={!needsText} onChange={({ detail }) => setAddress(detail.value)} />
          </FormField>
          <input type="submit" hidden />
        </SpaceBetween>
      </form>
    </Modal>
  );
}
