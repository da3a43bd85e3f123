import { describe, expect, it } from "vitest";
import { allowedActions, type Person } from "./allowed";
import type { LabelingJob } from "./job";

const owner: Person = { username: "ann", isAdmin: false, isMember: true, isOwner: true, isManager: true };
const collaborator: Person = { username: "bob", isAdmin: false, isMember: true, isOwner: false, isManager: false };
const administrator: Person = { username: "root", isAdmin: true, isMember: false, isOwner: false, isManager: true };

function job(changes: Partial<LabelingJob>): LabelingJob {
  const built = { labeling_service: "BuiltIn", parts: null, labeling_job_arn: "arn", paused: false, created_by: "ann", output_manifest_uri: null };
  return { ...built, task_type: "BoundingBox", ...changes } as LabelingJob;
}

const actions = (changes: Partial<LabelingJob>, person: Person): string[] => [...allowedActions(job(changes), person)];

describe("what is offered", () => {
  it("steers a running job for its owner, its creator and administrators, and lets other members clone it", () => {
    const steering = ["pause", "extend", "change-instructions", "stop"];
    expect(actions({ status: "InProgress" }, owner)).toEqual([...steering, "clone"]);
    expect(actions({ status: "InProgress", created_by: "bob" }, collaborator)).toEqual([...steering, "clone"]);
    expect(actions({ status: "InProgress" }, administrator)).toEqual(steering);
    expect(actions({ status: "InProgress" }, collaborator)).toEqual(["clone"]);
  });

  it("resumes what is paused", () => {
    const offered = actions({ status: "InProgress", paused: true }, owner);
    expect(offered).toContain("resume");
    expect(offered).not.toContain("pause");
  });

  it("leaves out what only the built-in service can do where Ground Truth labels", () => {
    expect(actions({ status: "InProgress", labeling_service: "SageMaker" }, owner)).toEqual(["stop", "clone"]);
  });

  it("steers a split job, and consolidates it again, as one", () => {
    const split = { labeling_job_arn: null, parts: {} as LabelingJob["parts"] };
    expect(actions({ ...split, status: "InProgress" }, owner)).toEqual(["pause", "extend", "change-instructions", "stop", "clone"]);
    expect(actions({ ...split, status: "Completed" }, owner)).toEqual(["clone", "consolidate", "delete"]);
  });

  it("lets custom jobs keep their own page", () => {
    expect(actions({ status: "InProgress", task_type: "Custom" }, owner)).not.toContain("change-instructions");
  });

  it("checks the boxes and masks of a finished job that has output", () => {
    const finished = { status: "Completed", output_manifest_uri: "s3://b/output.manifest" } as const;
    expect(actions(finished, owner)).toEqual(["clone", "verify", "adjust", "consolidate", "delete"]);
    expect(actions({ ...finished, task_type: "ImageMultiClass" }, owner)).toEqual(["clone", "consolidate", "delete"]);
    expect(actions(finished, collaborator)).toEqual(["clone", "verify", "adjust"]);
    expect(actions(finished, administrator)).toEqual(["consolidate"]);
  });

  it("gives drafts to members to edit, and to their creator to delete", () => {
    expect(actions({ status: "Draft", created_by: "bob" }, collaborator)).toEqual(["edit", "clone", "delete"]);
    expect(actions({ status: "Draft" }, collaborator)).toEqual(["edit", "clone"]);
    expect(actions({ status: "Draft" }, administrator)).toEqual([]);
  });

  it("offers nothing but a clone while the job changes by itself", () => {
    for (const status of ["Validating", "Launching", "Stopping"] as const) expect(actions({ status }, owner)).toEqual(["clone"]);
  });
});
