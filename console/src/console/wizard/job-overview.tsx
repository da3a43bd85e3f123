/** The wizard's first step: name, data and task type. */

import Autosuggest from "@cloudscape-design/components/autosuggest";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import RadioGroup from "@cloudscape-design/components/radio-group";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ReactNode, useState } from "react";
import { wizardTexts } from "../../languages/wizard";
import { LocationField } from "./location-field";
import { type FieldName, labelAttributeOf, type TaskType, WITHOUT_AUTOMATION } from "./definition";
import { Field } from "./field";
import { useFirstLine } from "./input-data";
import { TaskTypeTiles } from "./task-type-tiles";
import { useWizard } from "./wizard-context";

export const OVERVIEW_FIELDS: readonly FieldName[] = [
  "name",
  "label_attribute_name",
  "input_manifest_uri",
  "input_prefix_uri",
  "output_uri",
  "task_category",
  "task_type",
  "existing_label_attribute",
];

export function JobOverview(): ReactNode {
  const { taskType } = useWizard();
  return (
    <SpaceBetween size="l">
      <NameContainer />
      <DataContainer />
      <TaskTypeContainer />
      {taskType?.needs_existing_labels && <ExistingLabelsContainer />}
    </SpaceBetween>
  );
}

function NameContainer(): ReactNode {
  const words = wizardTexts();
  const { definition, change, store, taskType } = useWizard();
  const [isOwnAttribute, setOwnAttribute] = useState(definition.label_attribute_name !== null);
  return (
    <Container header={<Header variant="h2">{words.nameTitle}</Header>}>
      <SpaceBetween size="l">
        <Field
          field="name"
          label={words.jobName}
          constraint={words.nameLimit(definition.split ? 53 : 63)}
          characterCount={words.characters(definition.name.length, 63)}
          ownError={definition.name === "" ? words.nameMissing : undefined}
          onLeave={() => void store.save()}
        >
          <Input value={definition.name} onChange={({ detail }) => change({ name: detail.value })} ariaRequired spellcheck={false} />
        </Field>
        <SpaceBetween size="xs">
          <Checkbox
            checked={isOwnAttribute}
            description={words.attributeDefault(labelAttributeOf({ ...definition, label_attribute_name: null }, taskType) || "…")}
            onChange={({ detail }) => {
              setOwnAttribute(detail.checked);
              if (!detail.checked) change({ label_attribute_name: null });
            }}
          >
            {words.ownAttribute}
          </Checkbox>
          <AttributeField isShown={isOwnAttribute} />
        </SpaceBetween>
      </SpaceBetween>
    </Container>
  );
}

function AttributeField({ isShown }: { readonly isShown: boolean }): ReactNode {
  const words = wizardTexts();
  const { definition, change, taskType, faults } = useWizard();
  // A default can be at fault too, as when the job is called `source`.
  if (!isShown && !faults.some(({ pointer }) => pointer === "/label_attribute_name")) return null;
  const value = definition.label_attribute_name ?? "";
  const ending = taskType?.label_attribute_suffix === "-ref" ? words.attributeEndsInRef : words.attributeNotInRef;
  return (
    <Field
      field="label_attribute_name"
      label={words.labelAttribute}
      constraint={`${words.attributeLimit} ${ending}`}
      characterCount={words.characters(value.length, 127)}
    >
      <Input value={value} onChange={({ detail }) => change({ label_attribute_name: detail.value || null })} spellcheck={false} />
    </Field>
  );
}

function DataContainer(): ReactNode {
  const words = wizardTexts();
  const { definition, change } = useWizard();
  const [kind, setKind] = useState<"manifest" | "prefix">(definition.input_prefix_uri !== null && definition.input_manifest_uri === null ? "prefix" : "manifest");
  const choose = (chosen: "manifest" | "prefix"): void => {
    setKind(chosen);
    change(chosen === "manifest" ? { input_prefix_uri: null } : { input_manifest_uri: null });
  };
  return (
    <Container header={<Header variant="h2">{words.dataTitle}</Header>}>
      <SpaceBetween size="l">
        <RadioGroup
          ariaLabel={words.dataTitle}
          value={kind}
          items={[
            { value: "manifest", label: words.inputManifest, description: words.inputManifestHelp },
            { value: "prefix", label: words.inputPrefix, description: words.inputPrefixHelp },
          ]}
          onChange={({ detail }) => choose(detail.value as "manifest" | "prefix")}
        />
        {kind === "manifest" ? (
          <LocationField
            field="input_manifest_uri"
            label={words.manifestLocation}
            kind="object"
            constraint={words.manifestLimit}
            value={definition.input_manifest_uri}
            onChange={(input_manifest_uri) => change({ input_manifest_uri, input_prefix_uri: null })}
          />
        ) : (
          <LocationField
            field="input_prefix_uri"
            label={words.prefixLocation}
            kind="prefix"
            constraint={definition.task_category === "Text" ? words.prefixLimitText : words.prefixLimitImage}
            value={definition.input_prefix_uri}
            onChange={(input_prefix_uri) => change({ input_prefix_uri, input_manifest_uri: null })}
          />
        )}
        <LocationField
          field="output_uri"
          label={words.outputLocation}
          kind="prefix"
          isOptional
          isWritten
          constraint={words.outputLimit}
          value={definition.output_uri}
          onChange={(output_uri) => change({ output_uri })}
        />
      </SpaceBetween>
    </Container>
  );
}

const CATEGORIES: readonly TaskType["category"][] = ["Image", "Text", "Custom"];

function TaskTypeContainer(): ReactNode {
  const words = wizardTexts();
  const { definition, change, taskTypes, taskType } = useWizard();
  const category = taskType?.category ?? definition.task_category ?? "Image";
  const options = CATEGORIES.map((value) => ({ value, label: words[`category${value}`], description: words[`category${value}Help`] }));
  const choose = (chosen: TaskType["category"]): void => {
    const first = taskTypes.find((each) => each.category === chosen);
    if (first) change(changesForTaskType(first));
  };
  return (
    <Container header={<Header variant="h2" description={words.taskTypeHelp}>{words.taskTypeTitle}</Header>}>
      <SpaceBetween size="l">
        <Field field="task_category" label={words.taskCategory}>
          <Select
            selectedOption={options.find(({ value }) => value === category) ?? null}
            options={options}
            onChange={({ detail }) => choose(detail.selectedOption.value as TaskType["category"])}
          />
        </Field>
        <Field field="task_type" label={words.taskType} isStretched>
          <TaskTypeTiles
            taskTypes={taskTypes.filter((each) => each.category === category)}
            value={taskType?.key ?? null}
            onChange={(chosen) => change(changesForTaskType(chosen))}
          />
        </Field>
        {category === "Custom" && <ObjectsField />}
      </SpaceBetween>
    </Container>
  );
}

/** What a custom job's lines hold; it matters when its manifest is built from a folder. */
function ObjectsField(): ReactNode {
  const words = wizardTexts();
  const { definition, change } = useWizard();
  return (
    <Field field="task_category" pointer="/task_category/objects" label={words.customObjects}>
      <RadioGroup
        value={definition.task_category ?? "any"}
        items={[
          { value: "any", label: words.customObjectsAny },
          { value: "Image", label: words.categoryImage },
          { value: "Text", label: words.categoryText },
        ]}
        onChange={({ detail }) => change({ task_category: detail.value === "any" ? null : (detail.value as "Image" | "Text") })}
      />
    </Field>
  );
}

/** With the task type goes what only some task types have. */
function changesForTaskType(taskType: TaskType): Parameters<ReturnType<typeof useWizard>["change"]>[0] {
  const isCustom = taskType.category === "Custom";
  return {
    task_type: taskType.key,
    task_category: taskType.category === "Custom" ? null : taskType.category,
    ...(taskType.needs_existing_labels ? {} : { existing_label_attribute: null }),
    ...(taskType.automated_labeling ? {} : WITHOUT_AUTOMATION),
    ...(isCustom ? { short_instructions: null, full_instructions: null } : { template_uri: null, pre_annotation_function_arn: null, consolidation_function_arn: null }),
  };
}

function ExistingLabelsContainer(): ReactNode {
  const words = wizardTexts();
  const { project, definition, change } = useWizard();
  const firstLine = useFirstLine(project, definition.input_manifest_uri);
  const found = Object.keys(firstLine ?? {}).filter((name) => `${name}-metadata` in (firstLine ?? {}));
  return (
    <Container header={<Header variant="h2">{words.existingLabelsTitle}</Header>}>
      <Field
        field="existing_label_attribute"
        label={words.existingLabelAttribute}
        description={words.existingLabelAttributeHelp}
        constraint={found.length > 0 ? words.existingFound(found.join(", ")) : words.attributeLimit}
      >
        <Autosuggest
          value={definition.existing_label_attribute ?? ""}
          options={found.map((value) => ({ value }))}
          enteredTextLabel={words.useEntered}
          empty={words.existingNoneFound}
          onChange={({ detail }) => change({ existing_label_attribute: detail.value || null })}
        />
      </Field>
    </Container>
  );
}

