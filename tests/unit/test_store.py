"""The control plane's table: what it promises about names, pages, owners and the number of its reads."""

import base64
import json
from typing import Any

import boto3
import pytest

from functions.serve_labeling_jobs import app
from groundwork.access import Role
from groundwork.data_locations import DataLocation, LocationAccess, S3Uri
from groundwork.errors import ConflictError, InvalidRequestError, NameTakenError, NotFoundError, PreconditionFailedError
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.store import JobEvent, JobStore
from tests.api_events import LambdaContext, api_event, http_answer
from tests.builders import NOW, a_job, a_project, a_stored_job


@pytest.fixture(autouse=True)
def table(jobs_table: object) -> None:
    """The deployed schema."""


@pytest.fixture
def store() -> JobStore:
    return JobStore.from_env()


def token_of(key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


# --- labeling jobs ---------------------------------------------------------------------------------------------------


def test_a_job_comes_back_as_it_was_written(store: JobStore) -> None:
    a_project(store)
    written = a_stored_job(store, name="Cats-1", failure_reason="none yet", started_at=NOW)

    assert store.job("cATS-1") == written


def test_a_name_is_taken_in_any_project_and_case(store: JobStore) -> None:
    a_project(store)
    a_project(store, "zoo")
    a_stored_job(store, name="cats-1")

    with pytest.raises(NameTakenError):
        a_stored_job(store, name="CATS-1", project="zoo")


def test_a_job_needs_a_project_that_is_not_going_away(store: JobStore) -> None:
    with pytest.raises(NotFoundError):
        a_stored_job(store)

    project = a_project(store)
    store.save_project(project, going_away(project))
    with pytest.raises(NotFoundError):
        a_stored_job(store)


def test_two_writers_cannot_both_change_the_same_version(store: JobStore) -> None:
    a_project(store)
    job = a_stored_job(store)
    first = job.changed(status=Status.VALIDATING)
    store.save_job(job, first, JobEvent(NOW, "StatusChanged", {}))

    with pytest.raises(PreconditionFailedError):
        store.save_job(job, job.changed(failure_reason="late"))

    assert store.job(job.name) == first


def test_a_deleted_job_is_in_no_list_and_keeps_its_name(store: JobStore) -> None:
    a_project(store)
    job = a_stored_job(store, status=Status.COMPLETED)
    store.delete_job(job, NOW)

    assert store.job(job.name) is None
    assert store.jobs("pets", status=None, limit=10, next_token=None).items == ()
    with pytest.raises(NameTakenError):
        a_stored_job(store)
    with pytest.raises(PreconditionFailedError):
        store.save_job(job, job.changed(failure_reason="late"))


def test_a_deleted_draft_leaves_its_name_and_no_history(store: JobStore) -> None:
    a_project(store)
    draft = a_stored_job(store)
    store.delete_job(draft, NOW)

    again = a_stored_job(store, job_id="another")

    assert store.job(draft.name) == again
    assert len(store.job_events(again, limit=10, next_token=None).items) == 1


def test_a_draft_that_the_labeling_service_knows_keeps_its_name(store: JobStore) -> None:
    a_project(store)
    draft = a_stored_job(store, labeling_job_arn="arn:aws:sagemaker:us-east-1:123456789012:labeling-job/cats-1")
    store.delete_job(draft, NOW)

    with pytest.raises(NameTakenError):
        a_stored_job(store)


def test_deleting_a_copy_that_is_out_of_date_deletes_nothing(store: JobStore) -> None:
    a_project(store)
    for status in (Status.DRAFT, Status.STOPPED):
        job = a_stored_job(store, name=f"cats-{status}", status=status)
        present = job.changed(failure_reason="meanwhile")
        store.save_job(job, present)

        with pytest.raises(PreconditionFailedError):
            store.delete_job(job, NOW)

        assert store.job(job.name) == present


def test_jobs_that_are_at_rest_are_not_unsettled(store: JobStore) -> None:
    a_project(store)
    for status in Status:
        a_stored_job(store, name=f"cats-{status}", status=status)

    assert {job.status for job in store.unsettled_jobs()} == set(Status) - {Status.DRAFT, Status.COMPLETED, Status.FAILED, Status.STOPPED}


def test_the_history_is_read_oldest_first_in_pages(store: JobStore) -> None:
    a_project(store)
    job = a_stored_job(store)
    for number in range(2, 12):
        changed = job.changed()
        store.save_job(job, changed, JobEvent(NOW, f"Change {number}", {}))
        job = changed

    first = store.job_events(job, limit=7, next_token=None)
    second = store.job_events(job, limit=7, next_token=first.next_token)

    assert [event.type for event in (*first.items, *second.items)] == ["Created", *(f"Change {number}" for number in range(2, 12))]
    assert second.next_token is None


# --- pages -----------------------------------------------------------------------------------------------------------


def test_pages_join_to_the_whole_list_newest_first(store: JobStore) -> None:
    a_project(store)
    for number in range(5):
        a_stored_job(store, name=f"cats-{number}", created_at=NOW.replace(minute=number))

    names, token = [], None
    while True:
        page = store.jobs("pets", status=None, limit=2, next_token=token)
        names += [job.name for job in page.items]
        token = page.next_token
        if token is None:
            break

    assert names == ["cats-4", "cats-3", "cats-2", "cats-1", "cats-0"]


def test_jobs_can_be_listed_by_status(store: JobStore) -> None:
    a_project(store)
    a_stored_job(store, name="cats-1")
    a_stored_job(store, name="cats-2", status=Status.STOPPED)

    assert [job.name for job in store.jobs("pets", status=Status.STOPPED, limit=9, next_token=None).items] == ["cats-2"]


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
@pytest.mark.parametrize("status", [None, Status.DRAFT])
def test_the_jobs_of_all_projects_are_one_list_newest_first_whatever_their_status(
    store: JobStore, status: Status | None, limit: int
) -> None:
    statuses = [Status.DRAFT, Status.STOPPED, Status.DRAFT, Status.IN_PROGRESS, Status.DRAFT, Status.DRAFT, Status.STOPPED]
    for name in ("pets", "zoo"):
        a_project(store, name)
    for number, of_job in enumerate(statuses):
        project = "pets" if number % 2 else "zoo"
        a_stored_job(store, name=f"cats-{number}", project=project, status=of_job, created_at=NOW.replace(minute=number))

    pages = [store.all_jobs(status=status, limit=limit, next_token=None)]
    while pages[-1].next_token:
        pages.append(store.all_jobs(status=status, limit=limit, next_token=pages[-1].next_token))

    wanted = [f"cats-{number}" for number, of_job in enumerate(statuses) if status in {None, of_job}]
    assert [job.name for page in pages for job in page.items] == wanted[::-1]
    assert all(len(page.items) <= limit for page in pages)


def test_a_token_of_one_projects_list_is_none_of_all_projects(store: JobStore) -> None:
    a_project(store)
    for number in range(2):
        a_stored_job(store, name=f"cats-{number}")
    token = store.jobs("pets", status=None, limit=1, next_token=None).next_token

    with pytest.raises(InvalidRequestError):
        store.all_jobs(status=None, limit=1, next_token=token)


@pytest.mark.parametrize(
    "token",
    [
        "garbage",
        "é",
        "=",
        "bnVsbA",
        token_of([]),
        token_of({}),
        token_of(["gsi1pk", "gsi1sk", "pk", "sk"]),
        token_of({"gsi1pk": {"S": "JOBS#zoo"}, "gsi1sk": {"S": "x"}, "pk": {"S": "JOB#x"}, "sk": {"S": "JOB"}}),
        token_of({"gsi1pk": {"S": "JOBS#pets"}}),
        token_of({"gsi1pk": {"S": "JOBS#pets"}, "gsi1sk": {"S": ""}, "pk": {"S": "JOB#x"}, "sk": {"S": "JOB"}}),
        token_of({"gsi1pk": {"S": "JOBS#pets"}, "gsi1sk": {"S": 7}, "pk": {"S": "JOB#x"}, "sk": {"S": "JOB"}}),
        token_of({"gsi1pk": {"S": "JOBS#pets"}, "gsi1sk": {"S": "x"}, "pk": {"S": "JOB#x"}, "sk": {"S": "JOB"}, "more": {"S": "x"}}),
        token_of({"gsi1pk": {"S": "JOBS#pets"}, "gsi1sk": {"S": "x"}, "pk": {"S": "JOB#x"}, "sk": {"N": "1"}}),
        base64.urlsafe_b64encode(b"[" * 6000).decode(),
    ],
)
def test_a_token_of_another_list_or_none_of_ours_is_a_fault_of_the_request(store: JobStore, token: str) -> None:
    a_project(store)

    with pytest.raises(InvalidRequestError) as refused:
        store.jobs("pets", status=None, limit=2, next_token=token)

    assert [fault.pointer for fault in refused.value.faults] == ["/next_token"]


def test_a_token_is_good_for_its_own_list_only(store: JobStore) -> None:
    for project in ("pets", "zoo"):
        a_project(store, project)
        for number in range(2):
            a_stored_job(store, name=f"{project}-{number}", project=project)
    token = store.jobs("pets", status=None, limit=1, next_token=None).next_token
    assert token

    for project, status in (("zoo", None), ("pets", Status.DRAFT)):
        with pytest.raises(InvalidRequestError):
            store.jobs(project, status=status, limit=1, next_token=token)


# --- projects and members --------------------------------------------------------------------------------------------


def going_away(project: Any) -> Any:
    return type(project)(project.name, project.description, project.created_at, project.owners, project.version + 1, is_being_deleted=True)


def test_a_project_always_keeps_an_owner(store: JobStore) -> None:
    a_project(store, owner="ann", collaborators=("bob",))

    for change in (lambda: store.remove_member("pets", "ann"), lambda: store.put_member("pets", "ann", Role.COLLABORATOR)):
        with pytest.raises(ConflictError):
            change()
    assert store.role("pets", "ann") is Role.OWNER

    store.put_member("pets", "bob", Role.OWNER)
    store.remove_member("pets", "ann")
    assert [(member.username, member.role) for member in store.members("pets")] == [("bob", Role.OWNER)]
    with pytest.raises(ConflictError):
        store.remove_member("pets", "bob")


def test_giving_a_role_again_counts_no_owner_twice(store: JobStore) -> None:
    a_project(store, owner="ann")

    assert store.put_member("pets", "bob", Role.OWNER) is True
    assert store.put_member("pets", "bob", Role.OWNER) is False
    store.remove_member("pets", "bob")

    with pytest.raises(ConflictError):
        store.remove_member("pets", "ann")


def test_who_is_no_member_cannot_be_removed(store: JobStore) -> None:
    a_project(store)

    with pytest.raises(NotFoundError):
        store.remove_member("pets", "stranger")


def test_nobody_joins_a_project_that_is_being_deleted(store: JobStore) -> None:
    project = a_project(store)
    store.save_project(project, going_away(project))

    with pytest.raises(ConflictError):
        store.put_member("pets", "bob", Role.COLLABORATOR)


def test_a_project_goes_with_its_members_and_locations_and_may_come_back(store: JobStore) -> None:
    a_project(store, collaborators=("bob",))
    store.put_data_location("pets", DataLocation("more", S3Uri("archive", "photos/"), LocationAccess.READ))

    store.delete_project("pets")
    store.delete_project("pets")

    assert (store.project("pets"), store.members("pets"), store.data_locations("pets").locations) == (None, (), ())
    assert store.memberships("bob").items == ()
    a_project(store, owner="cleo")
    assert store.role("pets", "ann") is None


def test_a_project_that_changed_meanwhile_is_not_overwritten(store: JobStore) -> None:
    project = a_project(store)
    store.save_project(project, going_away(project))

    with pytest.raises(PreconditionFailedError):
        store.save_project(project, going_away(project))


# --- reads -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("username", "groups"), [("ann", None), ("admin", "admins")])
def test_a_warm_get_of_a_job_reads_the_table_once_for_access_and_once_for_the_job(
    store: JobStore, monkeypatch: pytest.MonkeyPatch, username: str, groups: str | None
) -> None:
    a_project(store)
    a_stored_job(store)
    request = api_event(
        "GET",
        "/projects/pets/labeling-jobs/cats-1",
        username=username,
        groups=groups,
        path_parameters={"project": "pets", "name": "cats-1"},
    )
    client = boto3.client("dynamodb")
    monkeypatch.setattr(app.store, "client", client)
    calls: list[str] = []
    client.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))

    assert http_answer(app.lambda_handler(request, LambdaContext())).status == 200

    assert calls == ["GetItem", "GetItem"]


def test_a_job_is_read_with_one_request(store: JobStore) -> None:
    a_project(store)
    a_stored_job(store)
    client = boto3.client("dynamodb")
    calls: list[str] = []
    client.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))

    assert JobStore(client, "jobs").job("cats-1") == a_job()

    assert calls == ["GetItem"]
