/** A table of labeling jobs, which follows them while they move. */

import Link from "@cloudscape-design/components/link";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { TableProps } from "@cloudscape-design/components/table";
import { type ReactNode, useState } from "react";
import { answered, type Schemas } from "../../api/client";
import { labelingJobsTexts } from "../../languages/labeling-jobs";
import { shellTexts } from "../../languages/shell";
import { taskTypeTitle } from "../../languages/task-types";
import { addresses, href } from "../shell/addresses";
import { useApi, useMe } from "../shell/console";
import { count, moment } from "../shell/format";
import { ITEMS_OF_A_REQUEST, type Listed, ListTable, useListed } from "../shell/listing";
import { isMoving, type JobStatus, Status, STATUSES, statusText } from "../shell/status";

export type Job = Schemas["LabelingJob"];

export interface Jobs {
  readonly list: Listed<Job>;
  /** Which the API lists; undefined for all. */
  readonly status: JobStatus | undefined;
  readonly filterBy: (status: JobStatus | undefined) => void;
}

/** The labeling jobs of a project, or of all of them; newest first, as the API has them. */
export function useJobs(project: string | undefined): Jobs {
  const api = useApi();
  const [status, filterBy] = useState<JobStatus>();
  const list = useListed<Job>(
    ["projects", project ?? null, "labeling-jobs", status ?? null],
    (next_token) => {
      const query = { limit: ITEMS_OF_A_REQUEST, next_token, ...(status && { status }) };
      return project === undefined
        ? answered(api.GET("/labeling-jobs", { params: { query } }))
        : answered(api.GET("/projects/{project}/labeling-jobs", { params: { path: { project }, query } }));
    },
    { isMoving: (job) => isMoving(job.status) || job.validation.state === "running" },
  );
  return { list, status, filterBy };
}

interface JobsTableProps {
  readonly jobs: Jobs;
  readonly showsProjects?: boolean;
  readonly emptyAction?: ReactNode;
}

export function JobsTable({ jobs: { list, status, filterBy }, showsProjects = false, emptyAction }: JobsTableProps): ReactNode {
  const words = labelingJobsTexts();
  const shell = shellTexts();
  const me = useMe();
  const isMemberOf = (project: string): boolean => me?.projects.some(({ name }) => name === project) === true;
  // Who cannot change a draft is better off with its page than with the wizard.
  const address = ({ project, name, status: its }: Job): string =>
    its === "Draft" && isMemberOf(project) ? addresses.draft(project, name) : addresses.labelingJob(project, name);
  const columns: TableProps.ColumnDefinition<Job>[] = [
    {
      id: "name",
      header: shell.name,
      sortingField: "name",
      isRowHeader: true,
      minWidth: 180,
      cell: (job) => <Link href={href(address(job))}>{job.name}</Link>,
    },
    ...(showsProjects
      ? [
          {
            id: "project",
            header: words.project,
            sortingField: "project",
            cell: ({ project }: Job) => <Link href={href(addresses.labelingJobs(project))}>{project}</Link>,
          },
        ]
      : []),
    { id: "status", header: shell.status, sortingField: "status", minWidth: 160, cell: (job) => <StatusCell job={job} /> },
    {
      id: "task-type",
      header: words.taskType,
      minWidth: 160,
      sortingComparator: (one, other) => typeText(one).localeCompare(typeText(other)),
      cell: typeText,
    },
    {
      id: "progress",
      header: words.progress,
      minWidth: 200,
      sortingComparator: (one, other) => shareLabeled(one) - shareLabeled(other),
      cell: (job) => <Progress job={job} />,
    },
    { id: "created", header: shell.created, sortingField: "created_at", minWidth: 160, cell: ({ created_at }) => moment(created_at) },
  ];
  return (
    <ListTable
      label={shell.labelingJobs}
      list={list}
      columns={columns}
      trackBy={({ name }) => name}
      searched={(job) => [job.name, job.labeling_team, typeText(job), job.created_by, showsProjects ? job.project : null]}
      searchLabel={words.findJobs}
      filters={<StatusFilter status={status} onChange={filterBy} />}
      empty={status === undefined ? words.noJobs : words.noJobsOfStatus(statusText(status))}
      emptyAction={status === undefined && emptyAction}
    />
  );
}

interface StatusFilterProps {
  readonly status: JobStatus | undefined;
  readonly onChange: (status: JobStatus | undefined) => void;
}

function StatusFilter({ status, onChange }: StatusFilterProps): ReactNode {
  const words = labelingJobsTexts();
  const options = [{ value: "", label: words.allStatuses }, ...STATUSES.map((each) => ({ value: each as string, label: statusText(each) }))];
  return (
    <div style={{ minInlineSize: "12rem" }}>
      <Select
        options={options}
        selectedOption={options.find(({ value }) => value === (status ?? "")) ?? null}
        onChange={({ detail }) => onChange(STATUSES.find((each) => each === detail.selectedOption.value))}
        ariaLabel={words.filterByStatus}
      />
    </div>
  );
}

/** The status, and what there is to know about it. */
function StatusCell({ job }: { readonly job: Job }): ReactNode {
  const words = labelingJobsTexts();
  const { errors } = job.validation;
  const isDraft = job.status === "Draft";
  return (
    <SpaceBetween size="xxs">
      <Status status={job.status} />
      {job.paused && job.status === "InProgress" && <StatusIndicator type="stopped">{words.paused}</StatusIndicator>}
      {job.stalled_since !== null && job.status === "InProgress" && (
        <StatusIndicator type="warning">{words.stalled(moment(job.stalled_since))}</StatusIndicator>
      )}
      {isDraft && errors > 0 && <StatusIndicator type="warning">{shellTexts().faultsFound(count(errors))}</StatusIndicator>}
      {isDraft && errors === 0 && job.failure_reason !== null && <StatusIndicator type="warning">{words.interrupted}</StatusIndicator>}
    </SpaceBetween>
  );
}

function typeText({ task_type }: Job): string {
  if (!task_type) return shellTexts().none;
  return taskTypeTitle(task_type) ?? task_type;
}

function labeled({ counters }: Job): number {
  return counters.human_labeled + counters.machine_labeled;
}

function shareLabeled(job: Job): number {
  return job.counters.total === 0 ? -1 : labeled(job) / job.counters.total;
}

function Progress({ job }: { readonly job: Job }): ReactNode {
  const words = labelingJobsTexts();
  const { total, failed } = job.counters;
  if (total === 0) return shellTexts().none;
  const done = count(labeled(job));
  return (
    <ProgressBar
      // Only what is done in full is 100 %.
      value={Math.floor(shareLabeled(job) * 100)}
      ariaLabel={words.progressOf(job.name)}
      additionalInfo={failed > 0 ? words.labeledAndFailed(done, count(total), count(failed)) : words.labeled(done, count(total))}
    />
  );
}
