/** What can be done to the text. One stop of the Tab key; the arrow keys lead from button to button. */

import ButtonGroup, { type ButtonGroupProps } from "@cloudscape-design/components/button-group";
import type { Editor } from "@tiptap/core";
import { useEditorState } from "@tiptap/react";
import type { ReactNode } from "react";
import { wizardTexts } from "../../../languages/wizard";
import { type IconName, toolbarIcon } from "./toolbar-icons";

interface ToolbarProps {
  readonly editor: Editor;
  readonly label: string;
  readonly isHtml: boolean;
  readonly onLink: () => void;
  readonly onPicture: () => void;
  readonly onHtml: () => void;
}

const MARKS = ["bold", "italic", "underline", "strike", "code"] as const;
const HEADINGS = [2, 3, 4] as const;

export function Toolbar({ editor, label, isHtml, onLink, onPicture, onHtml }: ToolbarProps): ReactNode {
  const words = wizardTexts();
  const now = useEditorState({
    editor,
    selector: ({ editor: shown }) => ({
      marks: MARKS.filter((mark) => shown.isActive(mark)),
      isLink: shown.isActive("link"),
      isPicture: shown.isActive("picture"),
      isTable: shown.isActive("table"),
      blocks: (["bulletList", "orderedList", "blockquote"] as const).filter((block) => shown.isActive(block)),
      heading: HEADINGS.find((level) => shown.isActive("heading", { level })),
      canUndo: shown.can().undo(),
      canRedo: shown.can().redo(),
    }),
  });

  const toggle = (id: string, icon: IconName, text: string, pressed: boolean): ButtonGroupProps.IconToggleButton => ({
    type: "icon-toggle-button",
    id,
    text,
    pressed,
    disabled: isHtml && id !== "html",
    iconSvg: toolbarIcon(icon),
    pressedIconSvg: toolbarIcon(icon),
  });
  const marks = MARKS.map((mark) => toggle(mark, mark, words[mark], now.marks.includes(mark)));
  const tableItems = now.isTable
    ? [
        { id: "row", text: words.addRow },
        { id: "column", text: words.addColumn },
        { id: "no-row", text: words.removeRow },
        { id: "no-column", text: words.removeColumn },
        { id: "no-table", text: words.removeTable },
      ]
    : [{ id: "table", text: words.insertTable }];

  const act = (id: string): void => {
    const chain = editor.chain().focus();
    const actions: Readonly<Record<string, () => unknown>> = {
      bold: () => chain.toggleBold().run(),
      italic: () => chain.toggleItalic().run(),
      underline: () => chain.toggleUnderline().run(),
      strike: () => chain.toggleStrike().run(),
      code: () => chain.toggleCode().run(),
      paragraph: () => chain.setParagraph().run(),
      bulletList: () => chain.toggleBulletList().run(),
      orderedList: () => chain.toggleOrderedList().run(),
      blockquote: () => chain.toggleBlockquote().run(),
      link: onLink,
      picture: onPicture,
      table: () => chain.insertTable({ rows: 2, cols: 2, withHeaderRow: true }).run(),
      row: () => chain.addRowAfter().run(),
      column: () => chain.addColumnAfter().run(),
      "no-row": () => chain.deleteRow().run(),
      "no-column": () => chain.deleteColumn().run(),
      "no-table": () => chain.deleteTable().run(),
      undo: () => chain.undo().run(),
      redo: () => chain.redo().run(),
      html: onHtml,
    };
    const level = HEADINGS.find((each) => id === `heading-${each}`);
    if (level !== undefined) chain.toggleHeading({ level }).run();
    else actions[id]?.();
  };

  return (
    <div className="instructions-toolbar">
      <ButtonGroup
        variant="icon"
        ariaLabel={words.formattingOf(label)}
        dropdownExpandToViewport
        items={[
          {
            type: "menu-dropdown",
            id: "style",
            text: words.paragraphStyle,
            iconSvg: toolbarIcon("heading"),
            disabled: isHtml,
            items: [
              { id: "paragraph", text: words.paragraph },
              ...HEADINGS.map((level) => ({ id: `heading-${level}`, text: words.headingLevel(level - 1) })),
            ],
          },
          { type: "group", text: words.textMarks, items: marks },
          {
            type: "group",
            text: words.blocks,
            items: [
              toggle("bulletList", "bullets", words.bulletList, now.blocks.includes("bulletList")),
              toggle("orderedList", "numbers", words.numberedList, now.blocks.includes("orderedList")),
              toggle("blockquote", "quote", words.quote, now.blocks.includes("blockquote")),
            ],
          },
          {
            type: "group",
            text: words.inserted,
            items: [
              toggle("link", "link", words.link, now.isLink),
              toggle("picture", "picture", words.picture, now.isPicture),
              { type: "menu-dropdown", id: "table-menu", text: words.table, iconSvg: toolbarIcon("table"), disabled: isHtml, items: tableItems },
            ],
          },
          {
            type: "group",
            text: words.undoing,
            items: [
              { type: "icon-button", id: "undo", text: words.undo, iconName: "undo", disabled: isHtml || !now.canUndo },
              { type: "icon-button", id: "redo", text: words.redo, iconName: "redo", disabled: isHtml || !now.canRedo },
              toggle("html", "html", words.asHtml, isHtml),
            ],
          },
        ]}
        onItemClick={({ detail }) => act(detail.id)}
      />
    </div>
  );
}
