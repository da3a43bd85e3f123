/** What workers will see of one object after the other, in the frame that shows it to them. Nothing is submitted from here. */

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Spinner from "@cloudscape-design/components/spinner";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { answered, type Api } from "../../api/client";
import type { WorkerPage } from "../../frame/page";
import { WorkerFrame } from "../../frame/worker-frame";
import { wizardTexts } from "../../languages/wizard";
import { useApi, useLanguage } from "../shell/console";
import { count } from "../shell/format";
import { ProblemAlert } from "../shell/problems";

interface WorkerPreviewProps {
  readonly project: string;
  readonly job: string;
  /** Changes when the job does, and the page with it. */
  readonly version: number;
}

export function WorkerPreview({ project, job, version }: WorkerPreviewProps): ReactNode {
  const words = wizardTexts();
  const api = useApi();
  const [object, setObject] = useState(0);
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ["projects", project, "labeling-jobs", job, "preview", version, object],
    queryFn: () => workerPage(api, project, job, object),
    // Its pictures' addresses end after some minutes.
    staleTime: 60_000,
    gcTime: 60_000,
  });
  return (
    <SpaceBetween size="s">
      <SpaceBetween direction="horizontal" size="xs" alignItems="center">
        <Button iconName="angle-left" disabled={object === 0} onClick={() => setObject(object - 1)}>
          {words.previousObject}
        </Button>
        <Box variant="span" aria-live="polite">
          {words.objectNumber(count(object + 1))}
        </Box>
        <Button iconName="angle-right" iconAlign="right" disabled={error !== null} onClick={() => setObject(object + 1)}>
          {words.nextObject}
        </Button>
        {isFetching && <Spinner />}
      </SpaceBetween>
      <ProblemAlert error={error} onRetry={() => void refetch()} />
      {data !== undefined && error === null && <Framed key={`${version} ${object}`} page={data} />}
      <Box variant="small" color="text-body-secondary">
        {words.previewOnly}
      </Box>
    </SpaceBetween>
  );
}

async function workerPage(api: Api, project: string, name: string, object: number): Promise<WorkerPage> {
  const params = { path: { project, name }, query: { object } };
  const call = await api.GET("/projects/{project}/labeling-jobs/{name}/preview", { params, parseAs: "text" });
  const html = await answered(Promise.resolve(call));
  return { html: String(html), policy: call.response.headers.get("Content-Security-Policy") ?? "default-src 'none'" };
}

function Framed({ page }: { readonly page: WorkerPage }): ReactNode {
  const language = useLanguage();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const frame = WorkerFrame.for(page, wizardTexts().preview);
    frame.element.style.cssText = "display: block; inline-size: 100%; block-size: 36rem; border: 1px solid #c6c6cd; border-radius: 8px";
    place.current?.append(frame.element);
    void frame.show(page, null);
    return () => frame.remove();
  }, [page, language]);
  return <div ref={place} />;
}
