/** Uploads files into a folder of the project, several at a time, and shows how far each is. */

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import FileDropzone from "@cloudscape-design/components/file-dropzone";
import FileInput from "@cloudscape-design/components/file-input";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { wizardTexts } from "../../languages/wizard";
import { useApi } from "../shell/console";
import { bytes, count } from "../shell/format";
import { problemText } from "../shell/problems";
import { keySegment, upload } from "./upload";

const AT_ONCE = 4;
// Beyond this many, only the sum is shown.
const MOST_SHOWN = 5;

interface Running {
  readonly total: number;
  readonly done: number;
  readonly size: number;
  /** Bytes of what is done and of what is on its way. */
  readonly sent: number;
  readonly names: readonly string[];
}

interface UploadPanelProps {
  readonly project: string;
  /** Below the project's prefix, with `/` at its end. */
  readonly folder: string;
  readonly accept?: string;
  /** With the folder that they are in now, below the project's prefix. */
  readonly onUploaded: (s3Uris: readonly string[], folder: string) => void;
}

export function UploadPanel({ project, folder, accept, onUploaded }: UploadPanelProps): ReactNode {
  const words = wizardTexts();
  const api = useApi();
  const [running, setRunning] = useState<Running>();
  const [failures, setFailures] = useState<readonly string[]>([]);
  const [subfolder, setSubfolder] = useState("");
  const abort = useRef(new AbortController());
  useEffect(() => {
    const controller = new AbortController();
    abort.current = controller;
    return () => controller.abort();
  }, []);

  const target = subfolder === "" ? folder : `${folder}${subfolder.split("/").filter(Boolean).map(keySegment).join("/")}/`;

  const start = async (files: readonly File[]): Promise<void> => {
    if (files.length === 0) return;
    setFailures([]);
    const size = files.reduce((sum, file) => sum + file.size, 0);
    const sentOf = files.map(() => 0);
    const uris: string[] = [];
    let done = 0;
    const show = (): void => setRunning({ total: files.length, done, size, sent: sentOf.reduce((sum, sent) => sum + sent, 0), names: files.map(({ name }) => name) });
    show();
    const waiting = [...files.entries()];
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [index, file] = next;
        try {
          const key = target + keySegment(file.name);
          const onProgress = (share: number): void => {
            sentOf[index] = share * file.size;
            show();
          };
          uris.push(await upload(api, project, { key, file, name: file.name, onProgress, signal: abort.current.signal }));
        } catch (error) {
          if (abort.current.signal.aborted) return;
          setFailures((before) => [...before, `${file.name}: ${problemText(error)}`]);
        }
        done += 1;
        sentOf[index] = file.size;
        show();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    setRunning(undefined);
    setSubfolder("");
    if (uris.length > 0) onUploaded(uris, target);
  };

  return (
    <SpaceBetween size="s">
      <Box variant="h4">{words.upload}</Box>
      {running === undefined ? (
        <>
          <FormField label={words.uploadFolder} constraintText={words.uploadTo(target)} stretch>
            <Input value={subfolder} placeholder={words.uploadFolderExample} onChange={({ detail }) => setSubfolder(detail.value)} spellcheck={false} />
          </FormField>
          <FileDropzone onChange={({ detail }) => void start(detail.value)}>
            <SpaceBetween size="xs" alignItems="center">
              <Box color="text-body-secondary">{words.dropFiles}</Box>
              <FileInput multiple accept={accept} value={[]} ariaLabel={words.chooseFiles} onChange={({ detail }) => void start(detail.value)}>
                {words.chooseFiles}
              </FileInput>
            </SpaceBetween>
          </FileDropzone>
          <Box variant="small" color="text-body-secondary">{words.uploadLimit}</Box>
        </>
      ) : (
        <ProgressBar
          value={running.size === 0 ? 0 : (100 * running.sent) / running.size}
          label={running.names.length <= MOST_SHOWN ? running.names.join(", ") : words.files(count(running.names.length))}
          description={words.uploadedOf(count(running.done), count(running.total))}
          additionalInfo={`${bytes(running.sent)} / ${bytes(running.size)}`}
        />
      )}
      {failures.length > 0 && (
        <Alert type="error" header={words.notUploaded(count(failures.length))} dismissible onDismiss={() => setFailures([])}>
          {failures.slice(0, MOST_SHOWN).map((failure) => (
            <div key={failure}>{failure}</div>
          ))}
        </Alert>
      )}
    </SpaceBetween>
  );
}
