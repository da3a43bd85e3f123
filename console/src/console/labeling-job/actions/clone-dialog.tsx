/** A draft of another name with the job's definition. */

import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { answered } from "../../../api/client";
import { labelingJobTexts } from "../../../languages/labeling-job";
import { shellTexts } from "../../../languages/shell";
import { addresses } from "../../shell/addresses";
import { useChange } from "../../shell/changes";
import { useApi } from "../../shell/console";
import { FormDialog } from "../../shell/dialogs";
import { count } from "../../shell/format";
import { faultsOf, fieldError } from "../../shell/problems";
import { pathOf } from "../job";
import type { DialogProps } from "./actions-menu";

const MOST_CHARACTERS = 63;
const NAME = /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/;
const POINTER = "/name";

export function CloneDialog({ job, onClose }: DialogProps): ReactNode {
  const words = labelingJobTexts();
  const api = useApi();
  const [, navigate] = useLocation();
  const [name, setName] = useState(`${job.name.slice(0, MOST_CHARACTERS - 5)}-copy`);
  const isLegal = name.length <= MOST_CHARACTERS && NAME.test(name);
  const change = useChange(
    () => answered(api.POST("/projects/{project}/labeling-jobs/{name}/clone", { params: { path: pathOf(job) }, body: { name } })),
    { changes: [], done: () => words.cloneDone(name), onDone: () => navigate(addresses.draft(job.project, name)) },
  );
  return (
    <FormDialog
      title={words.cloneTitle(job.name)}
      submit={words.clone}
      onSubmit={() => change.mutate()}
      onDismiss={onClose}
      change={change}
      isDisabled={!isLegal}
      fields={[POINTER]}
    >
      <div>{words.cloneExplained}</div>
      <FormField
        label={shellTexts().name}
        constraintText={words.nameRule(count(MOST_CHARACTERS), count(name.length))}
        errorText={fieldError(faultsOf(change.error), POINTER) ?? (isLegal ? undefined : words.nameBroken)}
      >
        <Input value={name} onChange={({ detail }) => setName(detail.value)} spellcheck={false} />
      </FormField>
    </FormDialog>
  );
}
