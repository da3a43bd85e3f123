/** What the page of access keys says, in English. */
export const en = {
  help: "For scripts that speak Amazon SageMaker's own labeling operations. A key acts as you do.",
  none: "You have no access keys.",
  create: "Create access key",
  key: "Access key ID",
  secret: "Secret access key",
  project: "Project",
  projectHelp: "Labeling jobs that are created with the key belong there.",
  firstProject: "Your first project",
  created: "Your new access key",
  keep: "Keep the secret in a safe place: it cannot be shown again. Whoever has it can act as you.",
  delete: (key: string) => `Delete access key ${key}?`,
  deleteWarning: "Scripts that use it are refused from now on.",
  deleted: (key: string) => `The access key ${key} was deleted.`,
};

export type AccessKeyTexts = typeof en;
