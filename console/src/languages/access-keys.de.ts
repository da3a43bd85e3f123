import type { AccessKeyTexts } from "./access-keys.en";

/** What the page of access keys says, in German. */
export const de: AccessKeyTexts = {
  help: "Für Skripte, die die Labeling-Operationen von Amazon SageMaker verwenden. Ein Schlüssel handelt in Ihrem Namen.",
  none: "Sie haben keine Zugriffsschlüssel.",
  create: "Zugriffsschlüssel anlegen",
  key: "Zugriffsschlüssel-ID",
  secret: "Geheimer Zugriffsschlüssel",
  project: "Projekt",
  projectHelp: "Zu ihm gehören Labeling-Aufträge, die mit dem Schlüssel angelegt werden.",
  firstProject: "Ihr erstes Projekt",
  created: "Ihr neuer Zugriffsschlüssel",
  keep: "Heben Sie das Geheimnis sicher auf: Es lässt sich nicht noch einmal zeigen. Wer es hat, kann in Ihrem Namen handeln.",
  delete: (key) => `Zugriffsschlüssel ${key} löschen?`,
  deleteWarning: "Skripte, die ihn verwenden, werden ab jetzt abgewiesen.",
  deleted: (key) => `Der Zugriffsschlüssel ${key} ist gelöscht.`,
};
