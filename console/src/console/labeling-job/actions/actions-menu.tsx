/** What can be done with the job now, and the dialog of what was chosen. */

import ButtonDropdown from "@cloudscape-design/components/button-dropdown";
import { type ReactNode, useState } from "react";
import { useLocation } from "wouter";
import { labelingJobTexts } from "../../../languages/labeling-job";
import { shellTexts } from "../../../languages/shell";
import { addresses } from "../../shell/addresses";
import { type Action, ACTIONS, allowedActions, type Person } from "../allowed";
import type { LabelingJob } from "../job";
import { CloneDialog } from "./clone-dialog";
import { ExtendDialog } from "./extend-dialog";
import { InstructionsDialog } from "./instructions-dialog";
import { ConsolidateDialog, DeleteDialog, PauseDialog, ResumeDialog, StopDialog } from "./plain-dialogs";

export interface DialogProps {
  readonly job: LabelingJob;
  readonly onClose: () => void;
}

/** Which actions ask before they act; the others lead to the wizard. */
const DIALOGS: Partial<Record<Action, (props: DialogProps) => ReactNode>> = {
  pause: PauseDialog,
  resume: ResumeDialog,
  stop: StopDialog,
  extend: ExtendDialog,
  "change-instructions": InstructionsDialog,
  clone: CloneDialog,
  consolidate: ConsolidateDialog,
  delete: DeleteDialog,
};

export function ActionsMenu({ job, person }: { readonly job: LabelingJob; readonly person: Person }): ReactNode {
  const [, navigate] = useLocation();
  const [chosen, setChosen] = useState<Action>();
  const allowed = allowedActions(job, person);
  const titles = actionTitles();
  const choose = (action: Action): void => {
    if (action === "edit") navigate(addresses.draft(job.project, job.name));
    else if (action === "verify" || action === "adjust") navigate(addresses.newLabelingJobFrom(job.project, job.name, action));
    else setChosen(action);
  };
  // A dialog stays when the job moves on under it: its action is refused then, in words.
  const Dialog = chosen && DIALOGS[chosen];
  return (
    <>
      {allowed.size > 0 && (
        <ButtonDropdown
          items={ACTIONS.filter((action) => allowed.has(action)).map((action) => ({ id: action, text: titles[action] }))}
          onItemClick={({ detail }) => choose(detail.id as Action)}
        >
          {shellTexts().actions}
        </ButtonDropdown>
      )}
      {Dialog && <Dialog job={job} onClose={() => setChosen(undefined)} />}
    </>
  );
}

function actionTitles(): Record<Action, string> {
  const words = labelingJobTexts();
  return {
    edit: words.editDraft,
    pause: words.pause,
    resume: words.resume,
    extend: words.extend,
    "change-instructions": words.changeInstructions,
    stop: words.stop,
    clone: words.clone,
    verify: words.verify,
    adjust: words.adjust,
    consolidate: words.consolidateAgain,
    delete: words.deleteJob,
  };
}
