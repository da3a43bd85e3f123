/** The job's definition, with links to its data. */

import Badge from "@cloudscape-design/components/badge";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs, { type KeyValuePairsProps } from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { labelingJobTexts } from "../../../languages/labeling-job";
import { shellTexts } from "../../../languages/shell";
import { count, duration, moment } from "../../shell/format";
import { type LabelingJob, labelNames } from "../job";
import { useTaskType } from "../task-type";
import { DataLink } from "../data-link";

export function Settings({ job }: { readonly job: LabelingJob }): ReactNode {
  const words = labelingJobTexts();
  const { none } = shellTexts();
  const taskType = useTaskType(job.task_type);
  const conditions = job.stopping_conditions;
  const pair = (label: string, value: ReactNode): KeyValuePairsProps.Pair => ({ label, value: value ?? none });
  const optional = (label: string, value: ReactNode): KeyValuePairsProps.Pair[] => (value === null || value === undefined ? [] : [pair(label, value)]);
  const data = (uri: string | null | undefined): ReactNode => uri && <DataLink project={job.project} uri={uri} />;
  return (
    <Container header={<Header variant="h2">{words.settings}</Header>}>
      <SpaceBetween size="l">
        <KeyValuePairs
          columns={3}
          items={[
            pair(words.taskType, taskType?.title ?? job.task_type),
            pair(words.labelingTeam, job.labeling_team),
            pair(words.workersPerObject, count(job.workers_per_object)),
            pair(words.taskTimeout, duration(job.task_timeout_seconds)),
            pair(words.taskExpiration, duration(job.task_expiration_seconds)),
            pair(words.automatedLabeling, job.automated_labeling ? words.yes : words.no),
            pair(words.createdBy, words.byAt(job.created_by, moment(job.created_at))),
            pair(words.source, sourceText(job)),
            pair(words.labelingService, job.labeling_service === "BuiltIn" ? words.builtIn : words.groundTruth),
          ]}
        />
        <KeyValuePairs
          columns={2}
          minColumnWidth={300}
          items={[
            ...optional(words.inputManifest, data(job.input_manifest_uri)),
            ...optional(words.inputPrefix, data(job.input_prefix_uri)),
            ...optional(words.outputLocation, data(job.output_uri)),
            ...optional(words.outputManifest, data(job.output_manifest_uri)),
            ...optional(words.existingLabels, job.existing_label_attribute),
            ...optional(words.labelAttribute, job.label_attribute_name),
            ...optional(words.template, data(job.template_uri)),
            ...optional(words.preAnnotationFunction, job.pre_annotation_function_arn),
            ...optional(words.consolidationFunction, job.consolidation_function_arn),
            ...optional(words.encryptionKey, job.output_kms_key_id),
            ...optional(words.concurrentObjects, job.max_concurrent_objects && count(job.max_concurrent_objects)),
            ...optional(words.stopAtObjects, conditions?.max_human_labeled_objects && count(conditions.max_human_labeled_objects)),
            ...optional(words.stopAtPercent, conditions?.max_percentage_labeled && `${count(conditions.max_percentage_labeled)} %`),
            ...optional(words.taskTitle, job.task_title),
            ...optional(words.keywords, job.task_keywords.length > 0 ? job.task_keywords.join(", ") : null),
            ...optional(words.tags, Object.keys(job.tags).length > 0 ? <Tags tags={job.tags} /> : null),
          ]}
        />
        {job.labels.length > 0 && (
          <div>
            <Box variant="awsui-key-label">{words.labelsCount(count(job.labels.length))}</Box>
            <SpaceBetween direction="horizontal" size="xs">
              {labelNames(job).map((label) => (
                <Badge key={label}>
                  <bdi>{label}</bdi>
                </Badge>
              ))}
            </SpaceBetween>
          </div>
        )}
        <ExpandableSection headerText={words.technical}>
          <KeyValuePairs
            columns={2}
            minColumnWidth={300}
            items={[pair(words.arn, job.labeling_job_arn), pair(words.version, count(job.version)), pair(words.changed, moment(job.updated_at))]}
          />
        </ExpandableSection>
      </SpaceBetween>
    </Container>
  );
}

function Tags({ tags }: { readonly tags: Readonly<Record<string, string>> }): ReactNode {
  return Object.entries(tags).map(([key, value]) => (
    <div key={key}>
      {key}: {value}
    </div>
  ));
}

function sourceText({ source }: LabelingJob): string {
  const words = labelingJobTexts();
  if (source.kind === "clone") return words.clonedFrom(source.detail ?? "");
  return source.kind === "upload" ? words.draftedByUpload : words.byRequest;
}
