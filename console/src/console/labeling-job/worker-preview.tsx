/** The worker's page as workers see it, object by object. Nothing can be submitted from here. */

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useQuery } from "@tanstack/react-query";
import { type CSSProperties, type ReactNode, useEffect, useRef, useState } from "react";
import { answered, type Api } from "../../api/client";
import type { WorkerPage } from "../../frame/page";
import { WorkerFrame } from "../../frame/worker-frame";
import { labelingJobTexts } from "../../languages/labeling-job";
import { useApi, useConsole, useLanguage } from "../shell/console";
import { count } from "../shell/format";
import { ProblemAlert } from "../shell/problems";
import { jobKey, type LabelingJob, pathOf } from "./job";

/**
 * As high as a window: pages go by the height that they have, and would grow without end with a frame that followed them. It has its room from
 * the beginning, so that what stands below does not move away under somebody's click.
 */
const PREVIEW: CSSProperties = { blockSize: "44rem", border: "1px solid #c6c6cd", borderRadius: 8, overflow: "hidden" };

interface WorkerPreviewProps {
  readonly job: LabelingJob;
  /** Changes with what workers see. */
  readonly version: number;
  /** How many objects there are, as far as that is known. */
  readonly objects: number | undefined;
}

export function WorkerPreview({ job, version, objects }: WorkerPreviewProps): ReactNode {
  const words = labelingJobTexts();
  const api = useApi();
  const [object, setObject] = useState(0);
  const { data, error, refetch } = useQuery({
    queryKey: [...jobKey(job.project, job.name), "preview", object, version],
    queryFn: () => readPage(api, job, object),
    staleTime: Infinity,
    // The addresses of its pictures end after some minutes.
    gcTime: 0,
  });
  // Objects are counted from 0, as in results, reports and what the API says of them.
  const last = objects ? objects - 1 : undefined;
  return (
    <Container header={<Header variant="h2" description={words.previewExplained}>{words.preview}</Header>}>
      <SpaceBetween size="m">
        <SpaceBetween direction="horizontal" size="xs" alignItems="end">
          <Button iconName="angle-left" disabled={object === 0} onClick={() => setObject(object - 1)}>
            {words.previousObject}
          </Button>
          <FormField label={last === undefined ? words.object : words.objectOf(count(last))}>
            <ObjectInput key={object} object={object} last={last} onChange={setObject} />
          </FormField>
          <Button iconName="angle-right" iconAlign="right" disabled={object === last} onClick={() => setObject(object + 1)}>
            {words.nextObject}
          </Button>
        </SpaceBetween>
        <ProblemAlert error={error} onRetry={() => void refetch()} />
        {!error && <div style={PREVIEW}>{data ? <PreviewFrame key={`${object} ${version}`} page={data} /> : <Spinner />}</div>}
        <Box variant="small">{words.previewOnly}</Box>
      </SpaceBetween>
    </Container>
  );
}

/** Takes effect with Enter or when it is left, so that no page is loaded for every digit. */
function ObjectInput(props: { readonly object: number; readonly last: number | undefined; readonly onChange: (object: number) => void }): ReactNode {
  const [typed, setTyped] = useState(String(props.object));
  const apply = (): void => {
    const wanted = Number(typed);
    if (typed.trim() === "" || !Number.isInteger(wanted) || wanted < 0) setTyped(String(props.object));
    else props.onChange(Math.min(wanted, props.last ?? wanted));
  };
  return (
    <Input
      type="number"
      inputMode="numeric"
      value={typed}
      onChange={({ detail }) => setTyped(detail.value)}
      onBlur={apply}
      onKeyDown={({ detail }) => detail.key === "Enter" && apply()}
    />
  );
}

async function readPage(api: Api, job: LabelingJob, object: number): Promise<WorkerPage> {
  const call = await api.GET("/projects/{project}/labeling-jobs/{name}/preview", {
    params: { path: pathOf(job), query: { object } },
    parseAs: "text",
  });
  const html = await answered(Promise.resolve(call));
  return { html: String(html), policy: call.response.headers.get("Content-Security-Policy") ?? "default-src 'none'" };
}

/** A frame of no origin, as workers have it; what is submitted in it goes nowhere. */
function PreviewFrame({ page }: { readonly page: WorkerPage }): ReactNode {
  const words = labelingJobTexts();
  const language = useLanguage();
  const { notify } = useConsole();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const frame = WorkerFrame.for(page, labelingJobTexts().preview);
    frame.element.style.cssText = "display: block; inline-size: 100%; block-size: 100%; border: 0";
    frame.onMessage = (message) => {
      if (message.kind === "submitted") {
        notify({ id: "preview", type: "info", content: labelingJobTexts().nothingSubmitted });
      }
    };
    place.current?.append(frame.element);
    void frame.show(page, null);
    return () => frame.remove();
  }, [page, language, notify]);
  return <div ref={place} aria-label={words.preview} role="group" style={{ blockSize: "100%" }} />;
}
