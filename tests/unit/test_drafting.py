"""What people do to a labeling job before and around its launch."""

from dataclasses import replace
from typing import Any

import pytest

from groundwork.errors import InvalidRequestError, NameTakenError, NotFoundError, PreconditionFailedError, WrongStatusError
from groundwork.labeling_jobs import drafting
from groundwork.labeling_jobs.definition import MAX_DEFINITION_BYTES, LabelingJobDefinition
from groundwork.labeling_jobs.drafting import Surroundings, merge_patch
from groundwork.labeling_jobs.job import LabelingJob, Validation
from groundwork.labeling_jobs.lifecycle import FINISHED, Status
from groundwork.store import JobStore
from tests.builders import NOW, a_definition, a_project, a_stored_job, some_surroundings

LATER = NOW.replace(hour=13)


@pytest.fixture
def store(jobs_table: object) -> JobStore:
    store = JobStore.from_env()
    a_project(store, collaborators=("bob",))
    return store


def create(store: JobStore, definition: LabelingJobDefinition | None = None, **overrides: Any) -> LabelingJob:
    wanted = {"project": "pets", "definition": definition or a_definition(), "is_draft": False, "by": "ann", "now": NOW, **overrides}
    return drafting.create(store, some_surroundings(), **wanted)


def history(store: JobStore, job: LabelingJob) -> list[tuple[str, dict[str, Any]]]:
    return [(event.type, event.detail) for event in store.job_events(job, limit=50, next_token=None).items]


def fault_codes(error: InvalidRequestError) -> list[str]:
    return [fault.code for fault in error.faults]


# --- create ----------------------------------------------------------------------------------------------------------


def test_a_submission_without_faults_is_validating(store: JobStore) -> None:
    job = create(store)

    assert (job.status, job.submission, job.version, job.created_by) == (Status.VALIDATING, 1, 1, "ann")
    assert job.validation == Validation(state="running")
    assert store.job("cats-1") == job
    assert history(store, job) == [("Created", {"status": "Validating", "by": "ann"})]


def test_a_draft_may_have_faults_and_lists_them(store: JobStore) -> None:
    draft = create(store, LabelingJobDefinition(name="cats-1"), is_draft=True)

    assert (draft.status, draft.submission, draft.validation.state) == (Status.DRAFT, 0, "not_run")
    codes = [found["code"] for found in draft.validation.faults]
    assert {"job.task-type-missing", "job.input-missing", "job.labeling-team-missing", "job.description-missing"} <= set(codes)
    assert draft.validation.errors == len(codes)
    assert all(set(found) == {"pointer", "code", "severity", "message", "remedy"} for found in draft.validation.faults)


def test_a_draft_tells_warnings_from_errors(store: JobStore) -> None:
    draft = create(store, a_definition(labels=("cat", "Cat", "dog"), description=None), is_draft=True)

    assert (draft.validation.errors, draft.validation.warnings) == (1, 1)


def test_a_submission_with_faults_is_refused_with_all_of_them_and_claims_nothing(store: JobStore) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        create(store, a_definition(labels=("cat",), description=" ", labeling_team="nobody", workers_per_object=99))

    assert set(fault_codes(refused.value)) >= {
        "job.labels-too-few",
        "job.description-missing",
        "job.labeling-team-unknown",
        "job.workers-out-of-range",
    }
    assert store.job("cats-1") is None


def test_warnings_alone_do_not_hold_a_submission_up(store: JobStore) -> None:
    assert create(store, a_definition(labels=("cat", "Cat"))).status is Status.VALIDATING


def test_a_fault_in_the_name_is_refused_even_in_a_draft_and_told_alone(store: JobStore) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        create(store, LabelingJobDefinition(name="-cats"), is_draft=True)

    assert fault_codes(refused.value) == ["job.name-invalid"]


def test_a_name_is_taken_without_regard_to_case(store: JobStore) -> None:
    create(store)

    with pytest.raises(NameTakenError):
        create(store, a_definition(name="CATS-1"), is_draft=True, by="bob")


def test_creating_again_with_the_same_key_finds_the_job_of_the_first_time(store: JobStore) -> None:
    first = create(store, creation_key="key-1")

    again = create(store, creation_key="key-1", now=LATER)

    assert again == first
    assert len(history(store, first)) == 1


@pytest.mark.parametrize("other", [{"by": "bob"}, {"creation_key": "key-2"}, {"creation_key": None}, {"project": "zoo"}])
def test_somebody_elses_request_with_the_same_name_is_a_conflict(store: JobStore, other: dict[str, Any]) -> None:
    a_project(store, "zoo")
    create(store, creation_key="key-1")
    location = {"definition": a_definition(input_manifest_uri="s3://groundwork-data/projects/zoo/manifests/cats.manifest")}

    with pytest.raises(NameTakenError):
        create(store, **{"creation_key": "key-1", **other, **(location if "project" in other else {})})


def test_without_a_key_the_own_name_is_a_conflict_too(store: JobStore) -> None:
    create(store)

    with pytest.raises(NameTakenError):
        create(store)


def test_there_is_no_job_without_a_project(store: JobStore) -> None:
    with pytest.raises(NotFoundError):
        create(store, LabelingJobDefinition(name="cats-1"), project="nowhere", is_draft=True)


# --- clone -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", Status)
def test_a_clone_is_a_draft_with_everything_but_the_name(store: JobStore, status: Status) -> None:
    original = a_stored_job(store, name="Cats-1", status=status, created_by="bob", failure_reason="It rained.")

    cloned = drafting.clone(store, some_surroundings(), original, name="cats-2", by="ann", now=LATER)

    assert cloned.definition == original.definition.model_copy(update={"name": "cats-2"})
    assert (cloned.status, cloned.created_by, cloned.created_at, cloned.failure_reason) == (Status.DRAFT, "ann", LATER, None)
    assert (cloned.source.kind, cloned.source.detail) == ("clone", "Cats-1")
    assert store.job("cats-1") == original
    assert store.job("cats-2") == cloned


def test_a_clone_lists_what_has_come_to_be_at_fault_since(store: JobStore) -> None:
    original = a_stored_job(store)

    cloned = drafting.clone(store, some_surroundings(team_member_count={}.get), original, name="cats-2", by="ann", now=LATER)

    assert [found["code"] for found in cloned.validation.faults] == ["job.labeling-team-unknown"]


@pytest.mark.parametrize(("name", "error"), [("CATS-1", NameTakenError), ("not a name", InvalidRequestError)])
def test_a_clone_needs_a_free_and_legal_name(store: JobStore, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        drafting.clone(store, some_surroundings(), a_stored_job(store), name=name, by="ann", now=LATER)


# --- edit ------------------------------------------------------------------------------------------------------------


def edit(store: JobStore, job: LabelingJob, patch: Any) -> LabelingJob:
    return drafting.edit(store, some_surroundings(), job, patch, by="bob", now=LATER)


def test_a_patch_changes_what_it_names_and_null_brings_the_default_back(store: JobStore) -> None:
    draft = create(store, a_definition(task_timeout_seconds=600, tags={"team": "a", "cost": "b"}), is_draft=True)

    edited = edit(
        store, draft, {"description": "New", "task_timeout_seconds": None, "tags": {"team": None, "more": "c"}, "labels": ["a", "b"]}
    )

    assert edited.definition == a_definition(description="New", tags={"cost": "b", "more": "c"}, labels=("a", "b"))
    assert edited.version == draft.version + 1
    assert edited.etag != draft.etag
    assert edited.updated_at == LATER
    assert store.job("cats-1") == edited
    assert history(store, draft)[-1] == ("Edited", {"by": "bob", "fields": ["description", "labels", "tags", "task_timeout_seconds"]})


def test_an_edit_checks_the_draft_again(store: JobStore) -> None:
    draft = create(store, a_definition(description=None), is_draft=True)
    assert draft.validation.errors == 1

    assert edit(store, draft, {"description": "Choose"}).validation.faults == ()


@pytest.mark.parametrize("name", ["dogs-1", "Cats-1", None, 5])
def test_a_draft_cannot_be_renamed(store: JobStore, name: Any) -> None:
    draft = create(store, is_draft=True)

    with pytest.raises(InvalidRequestError) as refused:
        edit(store, draft, {"name": name})

    assert fault_codes(refused.value) == ["job.name-fixed"]


def test_naming_the_present_name_in_a_patch_is_no_rename(store: JobStore) -> None:
    assert edit(store, create(store, is_draft=True), {"name": "cats-1", "description": "New"}).definition.description == "New"


@pytest.mark.parametrize("patch", [[], "text", 7, None])
def test_a_patch_is_an_object(store: JobStore, patch: Any) -> None:
    draft = create(store, is_draft=True)

    with pytest.raises(InvalidRequestError):
        edit(store, draft, patch)


def test_every_fault_in_the_shape_of_a_patch_is_told(store: JobStore) -> None:
    draft = create(store, is_draft=True)

    with pytest.raises(InvalidRequestError) as refused:
        edit(store, draft, {"colour": "red", "workers_per_object": "3", "stopping_conditions": {"weather": 1}})

    assert {(fault.pointer, fault.code) for fault in refused.value.faults} == {
        ("/colour", "request.field-unknown"),
        ("/workers_per_object", "request.field-invalid"),
        ("/stopping_conditions/weather", "request.field-unknown"),
    }
    assert store.job("cats-1") == draft


def test_a_null_for_a_field_that_there_is_not_is_told_too(store: JobStore) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        edit(store, create(store, is_draft=True), {"colour": None, "a/b": None, "description": None})

    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/colour", "request.field-unknown"),
        ("/a~1b", "request.field-unknown"),
    ]


def test_a_draft_may_not_be_larger_than_its_item_in_the_table(store: JobStore) -> None:
    draft = create(store, is_draft=True)

    with pytest.raises(InvalidRequestError) as refused:
        edit(store, draft, {"description": "x" * MAX_DEFINITION_BYTES})

    assert fault_codes(refused.value) == ["job.definition-too-large"]
    assert store.job("cats-1") == draft


def test_a_draft_with_very_many_faults_counts_all_and_lists_some(store: JobStore) -> None:
    edited = edit(store, create(store, is_draft=True), {"labels": [""] * 4_000})

    assert edited.validation.errors >= 4_000
    assert 0 < len(edited.validation.faults) < 4_000
    assert store.job("cats-1") == edited


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.DRAFT])
def test_only_drafts_are_edited_and_submitted(store: JobStore, status: Status) -> None:
    job = a_stored_job(store, status=status)

    with pytest.raises(WrongStatusError):
        edit(store, job, {"description": "New"})
    with pytest.raises(WrongStatusError):
        drafting.submit(store, some_surroundings(), job, by="ann", now=LATER)

    assert store.job("cats-1") == job


def test_an_edit_of_a_copy_that_is_out_of_date_is_refused(store: JobStore) -> None:
    draft = create(store, is_draft=True)
    first = edit(store, draft, {"description": "First"})

    with pytest.raises(PreconditionFailedError):
        edit(store, draft, {"description": "Second"})

    assert store.job("cats-1") == first


def test_a_merge_patch_is_that_of_rfc_7396() -> None:
    target = {"a": "b", "c": {"d": "e", "f": "g"}, "h": [1]}

    assert merge_patch(target, {"a": "z", "c": {"f": None}, "h": [2, None]}) == {"a": "z", "c": {"d": "e"}, "h": [2, None]}
    assert merge_patch({"a": "foo"}, {"a": {"b": {"c": None}}}) == {"a": {"b": {}}}
    assert merge_patch(["x"], {"a": 1}) == {"a": 1}
    assert merge_patch({"a": 1}, "text") == "text"


# --- submit ----------------------------------------------------------------------------------------------------------


def submit(store: JobStore, job: LabelingJob, surroundings: Surroundings | None = None) -> LabelingJob:
    return drafting.submit(store, surroundings or some_surroundings(), job, by="bob", now=LATER)


def test_a_submitted_draft_is_validating_and_belongs_to_no_execution_yet(store: JobStore) -> None:
    draft = create(store, is_draft=True)
    returned = draft.changed(
        submission=1, launch_execution="arn:one", failure_reason="interrupted", validation=Validation(state="failed", errors=2)
    )
    store.save_job(draft, returned)

    job = submit(store, returned)

    assert (job.status, job.submission, job.launch_execution, job.failure_reason) == (Status.VALIDATING, 2, None, None)
    assert job.validation == Validation(state="running")
    assert history(store, job)[-1] == ("StatusChanged", {"from": "Draft", "to": "Validating", "by": "bob"})


def test_faults_leave_the_draft_as_it_is(store: JobStore) -> None:
    draft = create(store, a_definition(description=None, labels=()), is_draft=True)

    with pytest.raises(InvalidRequestError) as refused:
        submit(store, draft)

    assert set(fault_codes(refused.value)) == {"job.description-missing", "job.labels-too-few"}
    assert store.job("cats-1") == draft


def test_a_team_that_went_away_since_the_draft_is_found_at_submission(store: JobStore) -> None:
    draft = create(store, is_draft=True)

    with pytest.raises(InvalidRequestError) as refused:
        submit(store, draft, some_surroundings(team_member_count=lambda _: None))

    assert fault_codes(refused.value) == ["job.labeling-team-unknown"]


def test_of_two_submissions_at_once_one_counts(store: JobStore) -> None:
    draft = create(store, is_draft=True)
    submit(store, draft)

    with pytest.raises(PreconditionFailedError):
        submit(store, draft)


# --- stop ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.INITIALIZING, Status.IN_PROGRESS])
def test_a_running_job_can_be_stopped_and_stopping_again_changes_nothing(store: JobStore, status: Status) -> None:
    job = a_stored_job(store, status=status)

    stopping = drafting.stop(store, job, by="bob", now=LATER)
    again = drafting.stop(store, stopping, by="ann", now=LATER)

    assert stopping.status is Status.STOPPING
    assert again == stopping == store.job("cats-1")
    assert history(store, job)[1:] == [("StatusChanged", {"from": status.value, "to": "Stopping", "by": "bob"})]


@pytest.mark.parametrize("status", [Status.DRAFT, Status.VALIDATING, Status.LAUNCHING, *sorted(FINISHED)])
def test_a_job_that_does_not_run_cannot_be_stopped(store: JobStore, status: Status) -> None:
    job = a_stored_job(store, status=status)

    with pytest.raises(WrongStatusError):
        drafting.stop(store, job, by="ann", now=LATER)

    assert store.job("cats-1") == job


def test_a_stop_is_not_lost_to_news_that_came_first_unless_it_was_for_an_exact_version(store: JobStore) -> None:
    job = a_stored_job(store, status=Status.IN_PROGRESS)
    store.save_job(job, job.changed(updated_at=LATER))

    with pytest.raises(PreconditionFailedError):
        drafting.stop(store, job, by="ann", now=LATER, is_exact=True)
    stopping = drafting.stop(store, job, by="ann", now=LATER)

    assert (stopping.status, stopping.version) == (Status.STOPPING, job.version + 2)
    assert store.job("cats-1") == stopping


# --- delete ----------------------------------------------------------------------------------------------------------


def test_a_deleted_drafts_name_is_free_again_and_the_new_job_is_another_one(store: JobStore) -> None:
    draft = create(store, is_draft=True)

    drafting.delete(store, draft, now=LATER)
    another = create(store, is_draft=True)

    assert another.job_id != draft.job_id
    assert len(history(store, another)) == 1


@pytest.mark.parametrize("status", sorted(FINISHED))
def test_a_deleted_finished_jobs_name_stays_taken(store: JobStore, status: Status) -> None:
    job = a_stored_job(store, status=status, creation_key="key-1")

    drafting.delete(store, job, now=LATER)

    assert store.job("cats-1") is None
    with pytest.raises(NameTakenError):
        create(store, creation_key="key-1")


@pytest.mark.parametrize("status", sorted(set(Status) - FINISHED - {Status.DRAFT}))
def test_a_job_on_its_way_cannot_be_deleted(store: JobStore, status: Status) -> None:
    job = a_stored_job(store, status=status)

    with pytest.raises(WrongStatusError):
        drafting.delete(store, job, now=LATER)

    assert store.job("cats-1") == job


def test_a_draft_that_was_submitted_meanwhile_is_not_deleted(store: JobStore) -> None:
    draft = create(store, is_draft=True)
    submitted = submit(store, draft)

    with pytest.raises(PreconditionFailedError):
        drafting.delete(store, draft, now=LATER)

    assert store.job("cats-1") == submitted


def test_the_team_is_only_looked_up_when_one_is_named(store: JobStore) -> None:
    def unreachable(_: str) -> int | None:
        raise AssertionError

    surroundings = replace(some_surroundings(), team_member_count=unreachable)

    assert surroundings.faults("pets", a_definition(labeling_team=None))
