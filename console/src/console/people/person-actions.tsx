/** What administrators can do with a person. */

import { type ReactNode, useState } from "react";
import { answered, type Schemas } from "../../api/client";
import { peopleTexts } from "../../languages/people";
import { useChange } from "../shell/changes";
import { useApi, useConsole } from "../shell/console";
import { QuestionDialog } from "../shell/dialogs";
import { RowButton, RowButtons } from "../shell/listing";
import { problemText } from "../shell/problems";

type Person = Schemas["Person"];

export function PersonActions({ person: { username, enabled, status } }: { readonly person: Person }): ReactNode {
  const words = peopleTexts();
  const api = useApi();
  const { session, notify } = useConsole();
  const [isAsking, setAsking] = useState(false);
  const params = { params: { path: { username } } };
  const changes = [["people"]];
  const refused = { onError: (error: Error) => notify({ type: "error", content: problemText(error) }) };
  const disable = useChange(() => answered(api.DELETE("/people/{username}", params)), {
    changes,
    done: () => words.personDisabled(username),
    onDone: () => setAsking(false),
  });
  const enable = useChange(() => answered(api.POST("/people/{username}/enable", params)), { changes, done: () => words.personEnabled(username) });
  const invite = useChange(() => answered(api.POST("/people/{username}/invite", params)), { changes, done: () => words.invitedAgain(username) });
  return (
    <RowButtons>
      {!enabled && (
        <RowButton text={words.enable} of={username} loading={enable.isPending} onClick={() => enable.mutate(undefined, refused)} />
      )}
      {enabled && status === "invited" && (
        <RowButton text={words.inviteAgain} of={username} loading={invite.isPending} onClick={() => invite.mutate(undefined, refused)} />
      )}
      {enabled && username !== session.username && <RowButton text={words.disable} of={username} onClick={() => setAsking(true)} />}
      {isAsking && (
        <QuestionDialog
          title={words.disablePerson(username)}
          confirm={words.disable}
          onConfirm={() => disable.mutate()}
          onDismiss={() => setAsking(false)}
          change={disable}
        >
          {words.disableWarning}
        </QuestionDialog>
      )}
    </RowButtons>
  );
}
