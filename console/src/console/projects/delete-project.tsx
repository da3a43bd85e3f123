import type { ReactNode } from "react";
import { answered, type Schemas } from "../../api/client";
import { projectTexts } from "../../languages/projects";
import { shellTexts } from "../../languages/shell";
import { useChange } from "../shell/changes";
import { useApi } from "../shell/console";
import { QuestionDialog } from "../shell/dialogs";

interface DeleteProjectProps {
  readonly project: Schemas["Project"];
  readonly onClose: () => void;
}

export function DeleteProject({ project: { name }, onClose }: DeleteProjectProps): ReactNode {
  const words = projectTexts();
  const api = useApi();
  const change = useChange(() => answered(api.DELETE("/projects/{project}", { params: { path: { project: name } } })), {
    changes: [["projects", "list"], ["me"]],
    done: () => words.projectDeleted(name),
    onDone: onClose,
  });
  return (
    <QuestionDialog
      title={words.deleteProject(name)}
      confirm={shellTexts().delete}
      onConfirm={() => change.mutate()}
      onDismiss={onClose}
      change={change}
      typed={name}
    >
      {words.deleteProjectWarning}
    </QuestionDialog>
  );
}
