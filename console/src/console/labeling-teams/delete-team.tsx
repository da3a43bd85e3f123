import type { ReactNode } from "react";
import { answered } from "../../api/client";
import { peopleTexts } from "../../languages/people";
import { shellTexts } from "../../languages/shell";
import { useChange } from "../shell/changes";
import { useApi } from "../shell/console";
import { QuestionDialog } from "../shell/dialogs";

interface DeleteTeamProps {
  readonly name: string;
  readonly onClose: () => void;
  readonly onDone?: () => void;
}

export function DeleteTeam({ name, onClose, onDone = onClose }: DeleteTeamProps): ReactNode {
  const words = peopleTexts();
  const api = useApi();
  const change = useChange(() => answered(api.DELETE("/labeling-teams/{team}", { params: { path: { team: name } } })), {
    changes: [["labeling-teams", "list"], ["me"]],
    done: () => words.teamDeleted(name),
    onDone,
  });
  return (
    <QuestionDialog
      title={words.deleteTeam(name)}
      confirm={shellTexts().delete}
      onConfirm={() => change.mutate()}
      onDismiss={onClose}
      change={change}
    >
      {words.deleteTeamWarning}
    </QuestionDialog>
  );
}
