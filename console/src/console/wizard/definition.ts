/** A labeling job's definition as the wizard holds it: every field is there, and a number that somebody cleared is null, which takes the default. */

import type { Schemas } from "../../api/client";

export type TaskType = Schemas["TaskType"];
export type LabelEntry = string | Schemas["NamedEntityLabel"];

export interface Definition {
  readonly name: string;
  readonly label_attribute_name: string | null;
  readonly task_category: "Image" | "Text" | null;
  readonly task_type: string | null;
  readonly input_manifest_uri: string | null;
  readonly input_prefix_uri: string | null;
  readonly output_uri: string | null;
  readonly labeling_team: string | null;
  readonly task_timeout_seconds: number | null;
  readonly task_expiration_seconds: number | null;
  readonly workers_per_object: number | null;
  readonly description: string | null;
  readonly labels: readonly LabelEntry[];
  readonly short_instructions: string | null;
  readonly full_instructions: string | null;
  readonly task_title: string | null;
  readonly task_keywords: readonly string[];
  readonly max_concurrent_objects: number | null;
  readonly priority: number | null;
  readonly automated_labeling: boolean;
  readonly automated_labeling_function_arn: string | null;
  readonly automated_labeling_confidence: number | null;
  readonly stopping_conditions: { readonly max_human_labeled_objects: number | null; readonly max_percentage_labeled: number | null };
  readonly existing_label_attribute: string | null;
  readonly template_uri: string | null;
  readonly pre_annotation_function_arn: string | null;
  readonly consolidation_function_arn: string | null;
  readonly output_kms_key_id: string | null;
  readonly split: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

export type FieldName = keyof Definition;

export const BLANK: Definition = {
  name: "",
  label_attribute_name: null,
  task_category: "Image",
  task_type: "ImageMultiClass",
  input_manifest_uri: null,
  input_prefix_uri: null,
  output_uri: null,
  labeling_team: null,
  task_timeout_seconds: 300,
  task_expiration_seconds: 864_000,
  workers_per_object: 1,
  description: null,
  labels: [],
  short_instructions: null,
  full_instructions: null,
  task_title: null,
  task_keywords: [],
  max_concurrent_objects: null,
  priority: null,
  automated_labeling: false,
  automated_labeling_function_arn: null,
  automated_labeling_confidence: null,
  stopping_conditions: { max_human_labeled_objects: null, max_percentage_labeled: null },
  existing_label_attribute: null,
  template_uri: null,
  pre_annotation_function_arn: null,
  consolidation_function_arn: null,
  output_kms_key_id: null,
  split: false,
  tags: {},
};

/** What a job has that people label alone. */
export const WITHOUT_AUTOMATION = { automated_labeling: false, automated_labeling_function_arn: null, automated_labeling_confidence: null } as const;

export const FIELDS = Object.keys(BLANK) as readonly FieldName[];

/** The definition in what the API answers of a job. */
export function definitionOf(job: Schemas["LabelingJob"]): Definition {
  const given = job as Readonly<Record<string, unknown>>;
  const conditions = { ...BLANK.stopping_conditions, ...job.stopping_conditions };
  return { ...BLANK, ...Object.fromEntries(FIELDS.filter((field) => given[field] !== undefined).map((field) => [field, given[field]])), stopping_conditions: conditions } as Definition;
}

/** The fields in which the two differ. */
export function changedFields(before: Definition, after: Definition): FieldName[] {
  return FIELDS.filter((field) => !isSame(before[field], after[field]));
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** The merge patch (RFC 7396) that makes `after` of `before`. The name is no part of it: a draft keeps its own. */
export function patchBetween(before: Definition, after: Definition): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const field of changedFields(before, after)) {
    if (field === "name") continue;
    patch[field] = field === "tags" ? tagsPatch(before.tags, after.tags) : after[field];
  }
  return patch;
}

function tagsPatch(before: Definition["tags"], after: Definition["tags"]): Record<string, string | null> {
  return { ...Object.fromEntries(Object.keys(before).map((key) => [key, null])), ...after };
}

export interface Merge {
  /** Theirs, with every field that we changed as we have it. */
  readonly merged: Definition;
  /** Fields that both changed, differently. */
  readonly conflicts: readonly FieldName[];
}

/** What comes of two changes of the same definition. */
export function mergedDefinition(base: Definition, ours: Definition, theirs: Definition): Merge {
  const changedByUs = changedFields(base, ours);
  const changedByThem = new Set(changedFields(base, theirs));
  const merged = { ...theirs, ...Object.fromEntries(changedByUs.map((field) => [field, ours[field]])) };
  return { merged, conflicts: changedByUs.filter((field) => changedByThem.has(field) && !isSame(ours[field], theirs[field])) };
}

/** The label attribute that the job will write, as the API names it by default. */
export function labelAttributeOf(definition: Definition, taskType: TaskType | undefined): string {
  if (definition.label_attribute_name !== null) return definition.label_attribute_name;
  const suffix = taskType?.label_attribute_suffix ?? "";
  return definition.name.endsWith(suffix) ? definition.name : definition.name + suffix;
}

/** For a job that verifies or adjusts the labels of a finished one; undefined where there is no such task type. */
export function definitionFrom(source: Schemas["LabelingJob"], purpose: "verify" | "adjust", taskTypes: readonly TaskType[]): Definition | undefined {
  const of = definitionOf(source);
  const shape = /BoundingBox$|SemanticSegmentation$/.exec(of.task_type ?? "")?.[0];
  if (shape === undefined || of.task_type?.startsWith("Verification")) return undefined;
  const attribute = labelAttributeOf(of, taskTypes.find(({ key }) => key === of.task_type));
  return {
    ...BLANK,
    task_type: `${purpose === "verify" ? "Verification" : "Adjustment"}${shape}`,
    input_manifest_uri: source.output_manifest_uri,
    existing_label_attribute: attribute,
    labels: purpose === "verify" ? [] : of.labels,
    labeling_team: of.labeling_team,
  };
}

/** A copy of a job under another name, yet to be given. */
export function definitionLike(source: Schemas["LabelingJob"]): Definition {
  return { ...definitionOf(source), name: "" };
}

export function labelName(entry: LabelEntry): string {
  return typeof entry === "string" ? entry : entry.label;
}
