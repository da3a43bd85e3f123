/** Actions that need nothing but a yes. */

import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useLocation } from "wouter";
import { answered, type Api } from "../../../api/client";
import { labelingJobTexts } from "../../../languages/labeling-job";
import { addresses } from "../../shell/addresses";
import { useChange } from "../../shell/changes";
import { useApi } from "../../shell/console";
import { QuestionDialog } from "../../shell/dialogs";
import { jobKey, type LabelingJob, pathOf } from "../job";
import type { DialogProps } from "./actions-menu";

interface Question {
  readonly title: string;
  readonly confirm: string;
  /** What happens then. */
  readonly explained: string;
  readonly done: string;
  readonly send: (api: Api, job: LabelingJob) => Promise<unknown>;
}

function PlainDialog({ job, onClose, title, confirm, explained, done, send }: DialogProps & Question): ReactNode {
  const api = useApi();
  const change = useChange(() => send(api, job), { changes: [jobKey(job.project, job.name)], done: () => done, onDone: onClose });
  return (
    <QuestionDialog title={title} confirm={confirm} onConfirm={() => change.mutate()} onDismiss={onClose} change={change}>
      {explained}
    </QuestionDialog>
  );
}

export function StopDialog(props: DialogProps): ReactNode {
  const words = labelingJobTexts();
  const send = (api: Api, job: LabelingJob): Promise<unknown> =>
    answered(api.POST("/projects/{project}/labeling-jobs/{name}/stop", { params: { path: pathOf(job) } }));
  const title = words.stopTitle(props.job.name);
  return <PlainDialog {...props} title={title} confirm={words.stop} explained={words.stopExplained} done={words.stopDone} send={send} />;
}

export function PauseDialog(props: DialogProps): ReactNode {
  const words = labelingJobTexts();
  const send = (api: Api, job: LabelingJob): Promise<unknown> =>
    answered(api.POST("/projects/{project}/labeling-jobs/{name}/pause", { params: { path: pathOf(job) } }));
  const title = words.pauseTitle(props.job.name);
  return <PlainDialog {...props} title={title} confirm={words.pause} explained={words.pauseExplained} done={words.pauseDone} send={send} />;
}

export function ResumeDialog(props: DialogProps): ReactNode {
  const words = labelingJobTexts();
  const send = (api: Api, job: LabelingJob): Promise<unknown> =>
    answered(api.POST("/projects/{project}/labeling-jobs/{name}/resume", { params: { path: pathOf(job) } }));
  const title = words.resumeTitle(props.job.name);
  return <PlainDialog {...props} title={title} confirm={words.resume} explained={words.resumeExplained} done={words.resumeDone} send={send} />;
}

export function ConsolidateDialog(props: DialogProps): ReactNode {
  const words = labelingJobTexts();
  const send = (api: Api, job: LabelingJob): Promise<unknown> =>
    answered(api.POST("/projects/{project}/labeling-jobs/{name}/consolidate", { params: { path: pathOf(job) } }));
  const title = words.consolidateTitle(props.job.name);
  const { consolidateAgain, consolidateExplained, consolidateDone } = words;
  return <PlainDialog {...props} title={title} confirm={consolidateAgain} explained={consolidateExplained} done={consolidateDone} send={send} />;
}

export function DeleteDialog({ job, onClose }: DialogProps): ReactNode {
  const words = labelingJobTexts();
  const api = useApi();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const change = useChange(() => answered(api.DELETE("/projects/{project}/labeling-jobs/{name}", { params: { path: pathOf(job) } })), {
    changes: [],
    done: () => words.deleteDone(job.name),
    onDone: () => {
      navigate(addresses.labelingJobs(job.project));
      queries.removeQueries({ queryKey: jobKey(job.project, job.name) });
    },
  });
  const isDraft = job.status === "Draft";
  return (
    <QuestionDialog
      title={words.deleteTitle(job.name)}
      confirm={words.deleteJob}
      onConfirm={() => change.mutate()}
      onDismiss={onClose}
      change={change}
      typed={isDraft ? undefined : job.name}
    >
      {isDraft ? words.deleteDraftExplained : words.deleteJobExplained}
    </QuestionDialog>
  );
}
