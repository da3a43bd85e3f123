/** The job's labels: named, added, removed, moved. A label's place is its class number in the output. */

import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ButtonGroup from "@cloudscape-design/components/button-group";
import FormField from "@cloudscape-design/components/form-field";
import Input, { type InputProps } from "@cloudscape-design/components/input";
import LiveRegion from "@cloudscape-design/components/live-region";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type ClipboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { wizardTexts } from "../../languages/wizard";
import { count } from "../shell/format";
import { type LabelEntry, labelName } from "./definition";
import { Field, idOfField, useFaultsAt } from "./field";
import { useWizard } from "./wizard-context";

const LONGEST = 256;

export function LabelsEditor(): ReactNode {
  const words = wizardTexts();
  const { definition, change, taskType } = useWizard();
  const hasShortNames = taskType?.key === "NamedEntityRecognition";
  const inputs = useRef(new Map<number, InputProps.Ref>());
  const [focused, setFocused] = useState<number>();
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (focused === undefined) return;
    inputs.current.get(focused)?.focus();
    setFocused(undefined);
  }, [focused]);
  // There is always a row to type in.
  const rows: readonly LabelEntry[] = definition.labels.length === 0 ? [""] : definition.labels;
  const set = (labels: readonly LabelEntry[]): void => change({ labels });

  const rename = (index: number, name: string): void => set(rows.map((row, other) => (other === index ? named(row, name) : row)));
  const shorten = (index: number, short: string): void =>
    set(rows.map((row, other) => (other === index ? (short === "" ? labelName(row) : { label: labelName(row), short_display_name: short }) : row)));
  const insert = (index: number): void => {
    set([...rows.slice(0, index), "", ...rows.slice(index)]);
    setFocused(index);
  };
  const remove = (index: number): void => {
    set(rows.filter((_, other) => other !== index));
    setSaid(words.labelRemoved(labelName(rows[index]!)));
    setFocused(Math.max(index - 1, 0));
  };
  const move = (index: number, to: number): void => {
    const moved = [...rows];
    moved.splice(to, 0, ...moved.splice(index, 1));
    set(moved);
    setSaid(words.labelMoved(labelName(rows[index]!), count(to + 1)));
  };
  /** Several lines are several labels. */
  const paste = (index: number, event: ClipboardEvent): void => {
    const lines = event.clipboardData.getData("text/plain").split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
    if (lines.length < 2) return;
    event.preventDefault();
    const before = labelName(rows[index]!) === "" ? rows.slice(0, index) : rows.slice(0, index + 1);
    set([...before, ...lines, ...rows.slice(index + 1)]);
    setFocused(before.length + lines.length - 1);
  };

  return (
    <Field
      field="labels"
      label={words.labels}
      description={words.labelsHelp}
      constraint={limitOf(taskType, definition.automated_labeling)}
      withFaultsBelow={false}
      isStretched
      onLeave={() => rows.some(isBlank) && set(rows.filter((row) => !isBlank(row)))}
    >
      <SpaceBetween size="xs">
        {rows.map((row, index) => (
          <LabelRow
            key={index}
            index={index}
            row={row}
            rows={rows.length}
            hasShortName={hasShortNames || typeof row !== "string"}
            inputRef={(input) => (input === null ? inputs.current.delete(index) : inputs.current.set(index, input))}
            onRename={(name) => rename(index, name)}
            onShorten={(short) => shorten(index, short)}
            onEnter={() => insert(index + 1)}
            onMove={(to) => move(index, to)}
            onRemove={() => remove(index)}
            onPaste={(event) => paste(index, event)}
          />
        ))}
        <Button iconName="add-plus" onClick={() => insert(rows.length)}>
          {words.addLabel}
        </Button>
        <Box variant="small" color="text-body-secondary">{words.labelsTip}</Box>
        <LiveRegion hidden>{said}</LiveRegion>
      </SpaceBetween>
    </Field>
  );
}

function limitOf(taskType: ReturnType<typeof useWizard>["taskType"], isAutomated: boolean): string {
  const words = wizardTexts();
  const low = taskType?.min_labels ?? 0;
  const high = taskType?.key === "SemanticSegmentation" && isAutomated ? 20 : (taskType?.max_labels ?? null);
  if (low === 0 && high === null) return `${words.labelsAsNeeded} ${words.labelLimit(count(LONGEST))}`;
  const number = high === null ? words.labelsAtLeast(low, count(low)) : words.labelsBetween(count(low), count(high));
  return `${number} ${words.labelLimit(count(LONGEST))}`;
}

/** A row that Enter added and nobody filled. */
function isBlank(row: LabelEntry): boolean {
  return row === "" || (typeof row !== "string" && row.label === "" && !row.short_display_name);
}

function named(row: LabelEntry, name: string): LabelEntry {
  return typeof row === "string" ? name : { ...row, label: name };
}

interface LabelRowProps {
  readonly index: number;
  readonly row: LabelEntry;
  readonly rows: number;
  readonly hasShortName: boolean;
  readonly inputRef: (input: InputProps.Ref | null) => void;
  readonly onRename: (name: string) => void;
  readonly onShorten: (short: string) => void;
  readonly onEnter: () => void;
  readonly onMove: (to: number) => void;
  readonly onRemove: () => void;
  readonly onPaste: (event: ClipboardEvent) => void;
}

function LabelRow({ index, row, rows, hasShortName, inputRef, onRename, onShorten, onEnter, onMove, onRemove, onPaste }: LabelRowProps): ReactNode {
  const words = wizardTexts();
  const name = labelName(row);
  const short = typeof row === "string" ? "" : (row.short_display_name ?? "");
  const { error, warning } = useFaultsAt("labels", `/labels/${index}`, true);
  const number = count(index + 1);
  const act = (id: string): void => {
    if (id === "up") onMove(index - 1);
    else if (id === "down") onMove(index + 1);
    else onRemove();
  };
  return (
    <div id={idOfField(`/labels/${index}`)} onPaste={onPaste} style={{ display: "flex", gap: 8, alignItems: "flex-start" }}>
      <div style={{ flex: "1 1 auto", minWidth: 0 }}>
        <FormField errorText={error} warningText={error === undefined ? warning : undefined} stretch>
          <div style={{ display: "flex", gap: 8, flexWrap: "wrap" }}>
            <div style={{ flex: "2 1 160px" }}>
              <Input
                ref={inputRef}
                value={name}
                ariaLabel={words.labelNumber(number)}
                placeholder={words.labelNumber(number)}
                invalid={error !== undefined || name.length > LONGEST}
                onChange={({ detail }) => onRename(detail.value)}
                onKeyDown={(event) => {
                  if (event.detail.key !== "Enter" || event.detail.isComposing) return;
                  event.preventDefault();
                  onEnter();
                }}
              />
            </div>
            {hasShortName && (
              <div style={{ flex: "1 1 100px" }}>
                <Input value={short} ariaLabel={words.shortNameOf(number)} placeholder={words.shortName} onChange={({ detail }) => onShorten(detail.value)} />
              </div>
            )}
          </div>
        </FormField>
      </div>
      <div style={{ flex: "none" }}>
        <ButtonGroup
          variant="icon"
          ariaLabel={words.labelActions(name || number)}
          items={[
            { type: "icon-button", id: "up", iconName: "arrow-up", text: words.moveUp, disabled: index === 0 },
            { type: "icon-button", id: "down", iconName: "arrow-down", text: words.moveDown, disabled: index === rows - 1 },
            { type: "icon-button", id: "remove", iconName: "remove", text: words.remove },
          ]}
          onItemClick={({ detail }) => act(detail.id)}
        />
      </div>
    </div>
  );
}
