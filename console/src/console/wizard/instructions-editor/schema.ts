/** What the editor knows of HTML: all that instructions may hold but definition lists, figures and captions, which are written as HTML. */

import { type AnyExtension, Extension, type Editor, Mark, Node } from "@tiptap/core";
import { ListItem } from "@tiptap/extension-list";
import { Table, TableCell, TableHeader, TableRow } from "@tiptap/extension-table";
import { DOMSerializer } from "@tiptap/pm/model";
import StarterKit from "@tiptap/starter-kit";
import { clean, isLinkAllowed, s3UriOf } from "./markup";

const PLAIN_MARKS = ["sub", "sup", "mark", "small", "kbd", "q", "ins"] as const;

function plainMark(tag: (typeof PLAIN_MARKS)[number]): Mark {
  return Mark.create({ name: tag, parseHTML: () => [{ tag }], renderHTML: () => [tag, 0] });
}

/** `title`, `lang` and `dir` may stand anywhere; texts in another script need them. */
const GlobalAttributes = Extension.create({
  name: "globalAttributes",
  addGlobalAttributes() {
    const names = ["title", "lang", "dir"] as const;
    const attributes = Object.fromEntries(
      names.map((name) => [
        name,
        {
          default: null,
          parseHTML: (element: HTMLElement) => element.getAttribute(name),
          renderHTML: (given: Record<string, unknown>) => (given[name] ? { [name]: given[name] } : {}),
        },
      ]),
    );
    return [{ types: ["paragraph", "heading", "listItem", "bulletList", "orderedList", "blockquote", "tableCell", "tableHeader"], attributes }];
  },
});

/** A place for a picture: an https address, or an S3 object as the API takes it. In the editor it is shown through a presigned address. */
function picture(presigned: (s3Uri: string) => Promise<string>): Node {
  return Node.create({
    name: "picture",
    group: "inline",
    inline: true,
    draggable: true,
    addAttributes() {
      return { src: { default: "" }, alt: { default: "" }, title: { default: null }, width: { default: null }, height: { default: null } };
    },
    parseHTML: () => [{ tag: "img[src]" }],
    renderHTML: ({ HTMLAttributes }) => ["img", HTMLAttributes],
    addNodeView() {
      return ({ node }) => {
        const image = document.createElement("img");
        const { src, alt, width, height } = node.attrs as Record<string, string | null>;
        image.alt = alt ?? "";
        if (width) image.setAttribute("width", width);
        if (height) image.setAttribute("height", height);
        const s3Uri = s3UriOf(src ?? "");
        if (s3Uri === undefined) image.src = src ?? "";
        else {
          image.dataset.s3Uri = s3Uri;
          // A picture that cannot be read is shown as one: by its alternative text.
          void presigned(s3Uri).then((url) => (image.src = url), () => (image.dataset.missing = ""));
        }
        return { dom: image };
      };
    },
  });
}

/** Lists and tables leave the Tab key alone: it leads out of the editor, as it leads out of every field. */
const ListItemWithoutTab = ListItem.extend({
  addKeyboardShortcuts() {
    return {
      Enter: () => this.editor.commands.splitListItem(this.name),
      "Mod-]": () => this.editor.commands.sinkListItem(this.name),
      "Mod-[": () => this.editor.commands.liftListItem(this.name),
    };
  },
});
const TableWithoutTab = Table.extend({ addKeyboardShortcuts: () => ({}) });

export function extensions(presigned: (s3Uri: string) => Promise<string>): AnyExtension[] {
  return [
    StarterKit.configure({
      listItem: false,
      heading: { levels: [1, 2, 3, 4, 5, 6] },
      link: { openOnClick: false, defaultProtocol: "https", isAllowedUri: isLinkAllowed, HTMLAttributes: { target: null, rel: null } },
    }),
    ListItemWithoutTab,
    TableWithoutTab.configure({ resizable: false }),
    TableRow,
    TableHeader,
    TableCell,
    ...PLAIN_MARKS.map(plainMark),
    GlobalAttributes,
    picture(presigned),
  ];
}

/** What is in the editor as the API takes it; "" for nothing. Made in a document of its own, where no picture is loaded. */
export function htmlOf(editor: Editor): string {
  if (editor.isEmpty) return "";
  const inert = document.implementation.createHTMLDocument();
  const fragment = DOMSerializer.fromSchema(editor.schema).serializeFragment(editor.state.doc.content, { document: inert });
  inert.body.append(fragment);
  clean(inert.body);
  return inert.body.innerHTML;
}
