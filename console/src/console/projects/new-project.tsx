import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { type ReactNode, useState } from "react";
import { answered } from "../../api/client";
import { projectTexts } from "../../languages/projects";
import { shellTexts } from "../../languages/shell";
import { PersonField } from "../people/person-field";
import { useChange } from "../shell/changes";
import { useApi, useConsole } from "../shell/console";
import { FormDialog } from "../shell/dialogs";
import { faultsOf, fieldError } from "../shell/problems";
import { DescriptionField } from "./description-field";

/** A new project, for administrators. */
export function NewProject({ onClose }: { readonly onClose: () => void }): ReactNode {
  const words = projectTexts();
  const api = useApi();
  const { session } = useConsole();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [owner, setOwner] = useState(session.username);
  const change = useChange(() => answered(api.POST("/projects", { body: { name, description, owner } })), {
    changes: [["projects"], ["me"]],
    done: () => words.projectCreated(name),
    onDone: onClose,
  });
  const faults = faultsOf(change.error);
  return (
    <FormDialog
      title={words.createProject}
      submit={shellTexts().create}
      onSubmit={() => change.mutate()}
      onDismiss={onClose}
      change={change}
      fields={["/name", "/description", "/owner"]}
    >
      <FormField label={words.projectName} constraintText={words.projectNameHelp} errorText={fieldError(faults, "/name")}>
        <Input value={name} onChange={({ detail }) => setName(detail.value)} autoFocus autoComplete={false} spellcheck={false} />
      </FormField>
      <DescriptionField value={description} onChange={setDescription} error={fieldError(faults, "/description")} />
      <PersonField label={words.owner} description={words.ownerHelp} value={owner} onChange={setOwner} error={fieldError(faults, "/owner")} />
    </FormDialog>
  );
}
