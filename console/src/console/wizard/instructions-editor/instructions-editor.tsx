/** The editor of instructions: rich text as workers will see it, or its HTML. */

import Alert from "@cloudscape-design/components/alert";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import { useQueryClient } from "@tanstack/react-query";
import type { Editor } from "@tiptap/core";
import { EditorContent, useEditor } from "@tiptap/react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { answered, type Api } from "../../../api/client";
import { wizardTexts } from "../../../languages/wizard";
import { useApi } from "../../shell/console";
import { count } from "../../shell/format";
import { problemText } from "../../shell/problems";
import { keySegment, upload } from "../../data-browser/upload";
import "./instructions-editor.css";
import { LinkDialog } from "./link-dialog";
import { cleaned, keepsMarkup, pictureSource } from "./markup";
import { type PictureAttributes, PictureDialog } from "./picture-dialog";
import { extensions, htmlOf } from "./schema";
import { Toolbar } from "./toolbar";

interface InstructionsEditorProps {
  readonly project: string;
  readonly label: string;
  readonly value: string;
  readonly onChange: (html: string) => void;
}

type Dialog = "link" | "picture";

export default function InstructionsEditor({ project, label, value, onChange }: InstructionsEditorProps): ReactNode {
  const words = wizardTexts();
  const api = useApi();
  const queries = useQueryClient();
  const [dialog, setDialog] = useState<Dialog>();
  const [isHtml, setHtml] = useState(false);
  const [notice, setNotice] = useState<string>();
  const [uploading, setUploading] = useState<{ readonly name: string; readonly share: number }>();
  // What the editor made last: any other value comes from outside and is shown.
  const written = useRef<string | undefined>(value);
  // Handlers of the editor are made once.
  const latest = useRef({ onChange, words });
  latest.current = { onChange, words };

  const insertFiles = async (editor: Editor, files: readonly File[]): Promise<void> => {
    for (const file of files) {
      try {
        const key = `datasets/instructions/${crypto.randomUUID().slice(0, 8)}-${keySegment(file.name)}`;
        const onProgress = (share: number): void => setUploading({ name: file.name, share });
        onProgress(0);
        const src = pictureSource(await upload(api, project, { key, file, name: file.name, onProgress }));
        if (src !== undefined) editor.chain().focus().insertContent({ type: "picture", attrs: { src, alt: "" } }).run();
      } catch (error) {
        setNotice(`${file.name}: ${problemText(error)}`);
      }
    }
    setUploading(undefined);
  };

  const editor = useEditor({
    onCreate: ({ editor: made }) => setHtml(!keepsMarkup(value, htmlOf(made))),
    extensions: extensions((s3Uri) => presigned(api, queries, project, s3Uri)),
    content: cleaned(value).html,
    editorProps: {
      attributes: { role: "textbox", "aria-multiline": "true", "aria-label": label, class: "instructions-text" },
      transformPastedHTML: (html) => {
        const { html: clean, picturesLeftOut } = cleaned(html);
        if (picturesLeftOut > 0) setNotice(latest.current.words.picturesLeftOut(count(picturesLeftOut)));
        return clean;
      },
      handlePaste: (_view, event) => takeFiles(event.clipboardData),
      handleDrop: (_view, event) => takeFiles(event.dataTransfer),
    },
    onUpdate: ({ editor: changed }) => {
      written.current = htmlOf(changed);
      latest.current.onChange(written.current);
    },
  });

  /** Pictures that are pasted or dropped as files are uploaded; text with pictures in it comes as HTML too and is no such case. */
  function takeFiles(transfer: DataTransfer | null): boolean {
    const pictures = [...(transfer?.files ?? [])].filter(({ type }) => type.startsWith("image/"));
    if (pictures.length === 0 || transfer?.types.includes("text/html")) return false;
    if (editor) void insertFiles(editor, pictures);
    return true;
  }

  useEffect(() => {
    if (!editor || value === written.current) return;
    written.current = value;
    editor.chain().setMeta("addToHistory", false).setContent(cleaned(value).html, { emitUpdate: false }).run();
    // What the editor would lose is edited as it is written.
    if (!keepsMarkup(value, htmlOf(editor))) setHtml(true);
  }, [editor, value]);

  if (!editor) return null;

  const setPicture = (attributes: PictureAttributes): void => {
    editor.chain().focus().insertContent({ type: "picture", attrs: attributes }).run();
    setDialog(undefined);
  };

  return (
    <SpaceBetween size="xs">
      <div className="instructions-editor">
        <Toolbar
          editor={editor}
          label={label}
          isHtml={isHtml}
          onLink={() => setDialog("link")}
          onPicture={() => setDialog("picture")}
          onHtml={() => {
            if (!isHtml) setHtml(true);
            else if (keepsMarkup(value, htmlOf(editor))) setHtml(false);
            else setNotice(words.onlyAsHtml);
          }}
        />
        {isHtml ? (
          <Textarea
            value={value}
            rows={10}
            spellcheck={false}
            onChange={({ detail }) => {
              written.current = undefined;
              onChange(detail.value);
            }}
          />
        ) : (
          <EditorContent editor={editor} />
        )}
      </div>
      {uploading && <ProgressBar value={uploading.share * 100} label={words.uploading(uploading.name)} />}
      {notice !== undefined && (
        <Alert type="warning" dismissible onDismiss={() => setNotice(undefined)}>
          {notice}
        </Alert>
      )}
      {dialog === "link" && <LinkDialog editor={editor} onClose={() => setDialog(undefined)} />}
      {dialog === "picture" && (
        <PictureDialog
          project={project}
          picture={editor.isActive("picture") ? (editor.getAttributes("picture") as PictureAttributes) : undefined}
          onChoose={setPicture}
          onClose={() => setDialog(undefined)}
        />
      )}
    </SpaceBetween>
  );
}

/** The address at which a picture of the project can be looked at for some minutes. */
async function presigned(api: Api, queries: ReturnType<typeof useQueryClient>, project: string, s3_uri: string): Promise<string> {
  const { url } = await queries.fetchQuery({
    queryKey: ["projects", project, "object-url", s3_uri],
    staleTime: 5 * 60_000,
    queryFn: () => answered(api.GET("/projects/{project}/objects/url", { params: { path: { project }, query: { s3_uri } } })),
  });
  return url;
}
