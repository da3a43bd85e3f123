/** The wizard's second step: who labels, and what they are shown. */

import AttributeEditor from "@cloudscape-design/components/attribute-editor";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { answered } from "../../api/client";
import { wizardTexts } from "../../languages/wizard";
import { useApi } from "../shell/console";
import { count } from "../shell/format";
import { LocationField } from "./location-field";
import { type FieldName, type TaskType, WITHOUT_AUTOMATION } from "./definition";
import { DurationInput } from "./duration-input";
import { Field } from "./field";
import { InstructionsField } from "./instructions-field";
import { LabelsEditor } from "./labels-editor";
import { NumberInput } from "./number-input";
import { Section } from "./section";
import { useWizard } from "./wizard-context";

const ADDITIONAL_FIELDS: readonly FieldName[] = [
  "workers_per_object",
  "automated_labeling",
  "automated_labeling_function_arn",
  "automated_labeling_confidence",
  "stopping_conditions",
  "max_concurrent_objects",
  "priority",
  "split",
];
const ADVANCED_FIELDS: readonly FieldName[] = ["task_title", "task_keywords", "output_kms_key_id", "tags"];

export const TOOL_FIELDS: readonly FieldName[] = [
  "labeling_team",
  "task_timeout_seconds",
  "task_expiration_seconds",
  ...ADDITIONAL_FIELDS,
  "description",
  "template_uri",
  "pre_annotation_function_arn",
  "consolidation_function_arn",
  "labels",
  "short_instructions",
  "full_instructions",
  ...ADVANCED_FIELDS,
];

export function WorkersAndTool(): ReactNode {
  return (
    <SpaceBetween size="l">
      <WorkersContainer />
      <ToolContainer />
      <AdvancedContainer />
    </SpaceBetween>
  );
}

function WorkersContainer(): ReactNode {
  const words = wizardTexts();
  const { definition, change } = useWizard();
  return (
    <Container header={<Header variant="h2">{words.workersTitle}</Header>}>
      <SpaceBetween size="l">
        <TeamField />
        <Field field="task_timeout_seconds" label={words.taskTimeout} description={words.taskTimeoutHelp} constraint={words.taskTimeoutLimit}>
          <DurationInput
            label={words.taskTimeout}
            units={["hours", "minutes", "seconds"]}
            value={definition.task_timeout_seconds}
            onChange={(task_timeout_seconds) => change({ task_timeout_seconds })}
          />
        </Field>
        <Field field="task_expiration_seconds" label={words.taskExpiration} description={words.taskExpirationHelp} constraint={words.taskExpirationLimit}>
          <DurationInput
            label={words.taskExpiration}
            units={["days", "hours", "minutes"]}
            value={definition.task_expiration_seconds}
            onChange={(task_expiration_seconds) => change({ task_expiration_seconds })}
          />
        </Field>
        <AdditionalConfiguration />
      </SpaceBetween>
    </Container>
  );
}

function TeamField(): ReactNode {
  const words = wizardTexts();
  const api = useApi();
  const { project, definition, change } = useWizard();
  const teams = useQuery({
    queryKey: ["projects", project, "labeling-teams", "to-choose"],
    queryFn: () => answered(api.GET("/projects/{project}/labeling-teams", { params: { path: { project }, query: { limit: 200 } } })),
  });
  const options = (teams.data?.items ?? []).map(({ name, description, member_count }) => ({
    value: name,
    label: name,
    description,
    labelTag: member_count === null ? undefined : words.members(member_count, count(member_count)),
  }));
  const chosen = definition.labeling_team;
  return (
    <Field field="labeling_team" label={words.labelingTeam} description={words.labelingTeamHelp}>
      <Select
        selectedOption={chosen === null ? null : (options.find(({ value }) => value === chosen) ?? { value: chosen, label: chosen })}
        options={options}
        placeholder={words.chooseTeam}
        filteringType={options.length > 10 ? "auto" : "none"}
        statusType={teams.isPending ? "loading" : teams.isError ? "error" : "finished"}
        loadingText={words.loading}
        errorText={words.notLoaded}
        recoveryText={words.tryAgain}
        onLoadItems={() => teams.isError && void teams.refetch()}
        empty={words.noTeams}
        onChange={({ detail }) => change({ labeling_team: detail.selectedOption.value ?? null })}
      />
    </Field>
  );
}

function AdditionalConfiguration(): ReactNode {
  const words = wizardTexts();
  const { definition, change, service } = useWizard();
  const conditions = definition.stopping_conditions;
  return (
    <Section title={words.additionalConfiguration} fields={ADDITIONAL_FIELDS} isOpenFirst={(definition.workers_per_object ?? 1) > 1}>
      <SpaceBetween size="l">
        <Field field="workers_per_object" label={words.workersPerObject} description={words.workersPerObjectHelp} constraint={words.wholeNumber(count(1), count(9))}>
          <NumberInput value={definition.workers_per_object} min={1} max={9} onChange={(workers_per_object) => change({ workers_per_object })} />
        </Field>
        <AutomatedLabeling />
        <Field
          field="stopping_conditions"
          pointer="/stopping_conditions/max_human_labeled_objects"
          label={words.stopAfterObjects}
          isOptional
          constraint={words.wholeNumberFrom(count(1))}
        >
          <NumberInput
            value={conditions.max_human_labeled_objects}
            min={1}
            placeholder={words.noLimit}
            onChange={(max_human_labeled_objects) => change({ stopping_conditions: { ...conditions, max_human_labeled_objects } })}
          />
        </Field>
        <Field
          field="stopping_conditions"
          pointer="/stopping_conditions/max_percentage_labeled"
          label={words.stopAfterPercentage}
          isOptional
          constraint={words.wholeNumber(count(1), count(100))}
        >
          <NumberInput
            value={conditions.max_percentage_labeled}
            min={1}
            max={100}
            placeholder={words.noLimit}
            onChange={(max_percentage_labeled) => change({ stopping_conditions: { ...conditions, max_percentage_labeled } })}
          />
        </Field>
        <Field field="max_concurrent_objects" label={words.concurrentObjects} isOptional description={words.concurrentObjectsHelp} constraint={words.wholeNumber(count(1), count(5_000))}>
          <NumberInput
            value={definition.max_concurrent_objects}
            min={1}
            max={5_000}
            placeholder={count(1_000)}
            onChange={(max_concurrent_objects) => change({ max_concurrent_objects })}
          />
        </Field>
        {service === "BuiltIn" && (
          <Field field="priority" label={words.priority} isOptional description={words.priorityHelp} constraint={words.wholeNumber(count(0), count(100))}>
            <NumberInput value={definition.priority} min={0} max={100} placeholder={count(50)} onChange={(priority) => change({ priority })} />
          </Field>
        )}
        <Field field="split" label={words.split}>
          <Checkbox checked={definition.split} description={words.splitHelp} onChange={({ detail }) => change({ split: detail.checked })}>
            {words.splitChoice}
          </Checkbox>
        </Field>
      </SpaceBetween>
    </Section>
  );
}

function AutomatedLabeling(): ReactNode {
  const words = wizardTexts();
  const { project, definition, change, taskType, service } = useWizard();
  // Where it is switched on in spite of that (a clone of an older job), it can be switched off.
  if (!mayLabelItself(taskType, service) && !definition.automated_labeling) return null;
  const confidence = definition.automated_labeling_confidence;
  return (
    <SpaceBetween size="m">
      <Field field="automated_labeling" label={words.automatedLabeling} constraint={service === "SageMaker" ? words.automatedLabelingLimit : undefined}>
        <Checkbox
          checked={definition.automated_labeling}
          description={service === "SageMaker" ? words.automatedLabelingHelp : words.automatedLabelingByFunction}
          onChange={({ detail }) => change(detail.checked ? { automated_labeling: true } : WITHOUT_AUTOMATION)}
        >
          {words.automatedLabelingChoice}
        </Checkbox>
      </Field>
      {definition.automated_labeling && service === "BuiltIn" && (
        <>
          <Field field="automated_labeling_function_arn" label={words.proposalFunction} constraint={words.functionLimit(project)} isStretched>
            <Input
              value={definition.automated_labeling_function_arn ?? ""}
              placeholder="arn:aws:lambda:"
              spellcheck={false}
              onChange={({ detail }) => change({ automated_labeling_function_arn: detail.value || null })}
            />
          </Field>
          <Field field="automated_labeling_confidence" label={words.proposalConfidence} isOptional description={words.proposalConfidenceHelp} constraint={words.wholeNumber(count(0), count(100))}>
            <NumberInput
              value={confidence === null ? null : Math.round(confidence * 100)}
              min={0}
              max={100}
              placeholder={count(95)}
              onChange={(percent) => change({ automated_labeling_confidence: percent === null ? null : percent / 100 })}
            />
          </Field>
        </>
      )}
    </SpaceBetween>
  );
}

/** The built-in labeling service takes proposals where a label is one class. */
function mayLabelItself(taskType: TaskType | undefined, service: "BuiltIn" | "SageMaker"): boolean {
  if (taskType?.automated_labeling !== true) return false;
  return service === "SageMaker" || /MultiClass$/.test(taskType.key);
}

function ToolContainer(): ReactNode {
  const words = wizardTexts();
  const { definition, change, taskType } = useWizard();
  const description = definition.description ?? "";
  const isCustom = taskType?.category === "Custom";
  return (
    <Container header={<Header variant="h2">{words.toolTitle}</Header>}>
      <SpaceBetween size="l">
        <Field
          field="description"
          label={words.description}
          description={words.descriptionHelp}
          constraint={words.descriptionLimit(count(255))}
          characterCount={words.characters(description.length, 255)}
          isStretched
        >
          <Input value={description} ariaRequired onChange={({ detail }) => change({ description: detail.value || null })} />
        </Field>
        {isCustom && <CustomTool />}
        <LabelsEditor />
        {!isCustom && <InstructionsField field="short_instructions" label={words.shortInstructions} description={words.shortInstructionsHelp} />}
        {!isCustom && (
          <Section title={words.additionalInstructions} fields={["full_instructions"]} isOpenFirst={definition.full_instructions !== null}>
            <InstructionsField field="full_instructions" label={words.fullInstructions} description={words.fullInstructionsHelp} />
          </Section>
        )}
      </SpaceBetween>
    </Container>
  );
}

function CustomTool(): ReactNode {
  const words = wizardTexts();
  const { project, definition, change } = useWizard();
  const constraint = words.functionLimit(project);
  return (
    <SpaceBetween size="l">
      <LocationField
        field="template_uri"
        label={words.template}
        kind="object"
        constraint={words.templateLimit}
        value={definition.template_uri}
        onChange={(template_uri) => change({ template_uri })}
      />
      <Field field="pre_annotation_function_arn" label={words.functionBefore} isOptional description={words.functionBeforeHelp} constraint={constraint} isStretched>
        <Input
          value={definition.pre_annotation_function_arn ?? ""}
          placeholder="arn:aws:lambda:"
          spellcheck={false}
          onChange={({ detail }) => change({ pre_annotation_function_arn: detail.value || null })}
        />
      </Field>
      <Field field="consolidation_function_arn" label={words.functionAfter} isOptional description={words.functionAfterHelp} constraint={constraint} isStretched>
        <Input
          value={definition.consolidation_function_arn ?? ""}
          placeholder="arn:aws:lambda:"
          spellcheck={false}
          onChange={({ detail }) => change({ consolidation_function_arn: detail.value || null })}
        />
      </Field>
    </SpaceBetween>
  );
}

function AdvancedContainer(): ReactNode {
  const words = wizardTexts();
  const { definition, change } = useWizard();
  const title = definition.task_title ?? "";
  const [keywords, setKeywords] = useState(definition.task_keywords.join(", "));
  return (
    <Section title={words.advancedTitle} description={words.advancedHelp} fields={ADVANCED_FIELDS} isContainer>
      <SpaceBetween size="l">
        <Field field="task_title" label={words.taskTitle} isOptional description={words.taskTitleHelp} constraint={words.taskTitleLimit} characterCount={words.characters(title.length, 128)} isStretched>
          <Input value={title} onChange={({ detail }) => change({ task_title: detail.value || null })} />
        </Field>
        <Field field="task_keywords" label={words.keywords} isOptional constraint={words.keywordsLimit} isStretched>
          <Input
            value={keywords}
            placeholder={words.keywordsExample}
            onChange={({ detail }) => {
              setKeywords(detail.value);
              change({ task_keywords: detail.value.split(",").map((keyword) => keyword.trim()).filter(Boolean) });
            }}
          />
        </Field>
        <Field field="output_kms_key_id" label={words.kmsKey} isOptional description={words.kmsKeyHelp} constraint={words.kmsKeyLimit} isStretched>
          <Input value={definition.output_kms_key_id ?? ""} spellcheck={false} onChange={({ detail }) => change({ output_kms_key_id: detail.value || null })} />
        </Field>
        <TagsField />
      </SpaceBetween>
    </Section>
  );
}

type Tag = readonly [key: string, value: string];

function TagsField(): ReactNode {
  const words = wizardTexts();
  const { definition, change } = useWizard();
  // Rows as they are typed; two of the same key cannot be in the definition.
  const [rows, setRows] = useState<readonly Tag[]>(Object.entries(definition.tags));
  const set = (changed: readonly Tag[]): void => {
    setRows(changed);
    change({ tags: Object.fromEntries(changed.filter(([key]) => key !== "")) });
  };
  const setCell = (index: number, cell: 0 | 1, value: string): void =>
    set(rows.map((row, other) => (other !== index ? row : cell === 0 ? [value, row[1]] : [row[0], value])));
  const isRepeated = (key: string, index: number): boolean => rows.findIndex(([other]) => other === key) !== index;
  return (
    <Field field="tags" label={words.tags} isOptional constraint={words.tagsLimit} isStretched>
      <AttributeEditor
        items={rows}
        addButtonText={words.addTag}
        removeButtonText={words.remove}
        removeButtonAriaLabel={([key]) => `${words.remove} ${key}`}
        disableAddButton={rows.length >= 48}
        empty={words.noTags}
        onAddButtonClick={() => set([...rows, ["", ""]])}
        onRemoveButtonClick={({ detail }) => set(rows.filter((_, index) => index !== detail.itemIndex))}
        definition={[
          {
            label: words.tagKey,
            control: ([key], index) => <Input value={key} onChange={({ detail }) => setCell(index, 0, detail.value)} />,
            errorText: ([key], index) => (key !== "" && isRepeated(key, index) ? words.tagRepeated : undefined),
          },
          { label: words.tagValue, control: ([, value], index) => <Input value={value} onChange={({ detail }) => setCell(index, 1, detail.value)} /> },
        ]}
      />
    </Field>
  );
}
