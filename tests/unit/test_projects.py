"""Projects, members and data locations, through the function's front door."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from functions.serve_projects import app
from groundwork import projects
from groundwork.access import Caller, Role
from groundwork.errors import ConflictError
from groundwork.labeling_jobs.definition import LabelingJobDefinition
from groundwork.labeling_jobs.job import LabelingJob
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.store import JobEvent, JobStore
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer, make_user_pool

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def stack(jobs_table: object) -> None:
    make_user_pool("ann", "bob", "cleo")


@pytest.fixture
def store() -> JobStore:
    return JobStore.from_env()


def call(method: str, path: str, body: Any = None, *, username: str = "ann", **event: Any) -> HttpAnswer:
    parts = path.strip("/").split("/")
    names = {"members": "username", "data-locations": "id"}
    parameters = {"project": parts[1]} if len(parts) > 1 else {}
    if len(parts) > 3:
        parameters[names[parts[2]]] = parts[3]
    groups = "admins" if username == "admin" else None
    request = api_event(method, path, body, username=username, groups=groups, path_parameters=parameters or None, **event)
    return http_answer(app.lambda_handler(request, LambdaContext()))


def create(name: str = "pets", owner: str = "ann") -> HttpAnswer:
    answer = call("POST", "/projects", {"name": name, "description": "Pictures", "owner": owner}, username="admin")
    assert answer.status == 201
    return answer


def add_job(store: JobStore, name: str, status: Status, project: str = "pets") -> LabelingJob:
    job = LabelingJob(
        project=project,
        job_id=f"id-{name}",
        definition=LabelingJobDefinition(name=name),
        status=status,
        labeling_service="BuiltIn",
        created_by="ann",
        created_at=NOW,
        updated_at=NOW,
    )
    store.create_job(job, JobEvent(NOW, "Labeling Job Drafted", {}))
    return job


# --- projects --------------------------------------------------------------------------------------------------------


def test_a_new_project_has_its_owner_and_its_own_prefix() -> None:
    answer = create()

    assert answer.headers["Location"] == "/projects/pets"
    assert answer.body["name"] == "pets"
    assert answer.body["description"] == "Pictures"
    assert answer.body["created_at"].endswith("Z")
    assert call("GET", "/projects/pets").headers["ETag"] == answer.headers["ETag"]
    assert call("GET", "/projects/pets/members").body == {"items": [{"username": "ann", "role": "owner"}], "next_token": None}
    assert call("GET", "/projects/pets/data-locations").body["items"] == [
        {"id": "default", "s3_prefix": "s3://groundwork-data/projects/pets/", "access": "read_write"}
    ]


def test_all_faults_of_a_new_project_are_told_at_once() -> None:
    answer = call("POST", "/projects", {"name": "Pets!", "description": "x" * 1001, "owner": "nobody"}, username="admin")

    assert answer.status == 422
    assert answer.fault_codes == ["project.name-invalid", "project.description-too-long", "project.owner-unknown"]


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a" * 41, "a_b", "a/b", "ä", "a\n"])
def test_a_name_outside_the_rules_is_refused(name: str) -> None:
    answer = call("POST", "/projects", {"name": name, "owner": "ann"}, username="admin")

    assert answer.fault_codes == ["project.name-invalid"]


@pytest.mark.parametrize("name", ["a", "7", "a-b", "a--b", "a" * 40])
def test_a_name_inside_the_rules_is_taken(name: str) -> None:
    assert call("POST", "/projects", {"name": name, "owner": "ann"}, username="admin").status == 201


@pytest.mark.parametrize("owner", ["", "x" * 129])
def test_what_cannot_be_the_name_of_an_owner_is_a_fault_like_any_unknown_one(owner: str) -> None:
    assert call("POST", "/projects", {"name": "pets", "owner": owner}, username="admin").fault_codes == ["project.owner-unknown"]


def test_an_owner_is_named_exactly_as_tokens_name_the_person() -> None:
    client = boto3.client("cognito-idp")
    client.admin_create_user(UserPoolId="us-east-1_test", Username="dora", UserAttributes=[{"Name": "email", "Value": "dora@example.com"}])

    answer = call("POST", "/projects", {"name": "pets", "owner": "dora@example.com"}, username="admin")

    assert answer.fault_codes == ["project.owner-unknown"]


def test_a_taken_name_is_a_conflict_and_leaves_the_first_project_alone() -> None:
    create()

    answer = call("POST", "/projects", {"name": "pets", "description": "Other", "owner": "bob"}, username="admin")

    assert answer.status == 409
    assert call("GET", "/projects/pets").body["description"] == "Pictures"
    assert call("GET", "/projects/pets", username="bob").status == 404


def test_only_administrators_create_projects() -> None:
    assert call("POST", "/projects", {"name": "pets", "owner": "ann"}).status == 403


def test_a_repeated_create_with_the_same_key_replays_the_first_answer() -> None:
    body = {"name": "pets", "owner": "ann"}
    first = call("POST", "/projects", body, username="admin", headers={"Idempotency-Key": "k1"})

    again = call("POST", "/projects", body, username="admin", headers={"Idempotency-Key": "k1"})

    assert (again.status, again.body) == (201, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == "/projects/pets"


def test_members_see_their_own_projects_and_administrators_all() -> None:
    create("pets", "ann")
    create("cars", "bob")

    assert [project["name"] for project in call("GET", "/projects").body["items"]] == ["pets"]
    assert [project["name"] for project in call("GET", "/projects", username="admin").body["items"]] == ["cars", "pets"]
    assert call("GET", "/projects", username="cleo").body == {"items": [], "next_token": None}


def test_pages_of_projects_follow_one_another_without_gap_or_repetition() -> None:
    for name in ("a", "b", "c"):
        create(name)

    first = call("GET", "/projects", query={"limit": "2"}).body
    second = call("GET", "/projects", query={"limit": "2", "next_token": first["next_token"]}).body

    assert [project["name"] for project in first["items"] + second["items"]] == ["a", "b", "c"]
    assert second["next_token"] is None


def test_another_persons_list_token_is_refused() -> None:
    for name in ("a", "b", "c"):
        create(name)
    token = call("GET", "/projects", query={"limit": "1"}).body["next_token"]

    assert call("GET", "/projects", username="bob", query={"next_token": token}).status == 422


def test_a_project_that_does_not_exist_is_not_found_for_administrators_too() -> None:
    for path in ("", "/members", "/data-locations"):
        assert call("GET", f"/projects/ghost{path}", username="admin").status == 404
    assert call("PUT", "/projects/ghost/members/ann", {"role": "owner"}, username="admin").status == 404
    assert call("DELETE", "/projects/ghost", username="admin").status == 404


def test_an_owner_changes_the_description_and_the_etag_with_it() -> None:
    etag = create().headers["ETag"]

    answer = call("PATCH", "/projects/pets", {"description": "Cats"}, headers={"If-Match": etag})

    assert (answer.status, answer.body["description"]) == (200, "Cats")
    assert answer.headers["ETag"] != etag
    assert call("PATCH", "/projects/pets", {"description": "Dogs"}, headers={"If-Match": etag}).status == 412
    assert call("PATCH", "/projects/pets", {"description": None}).body["description"] == ""
    assert call("PATCH", "/projects/pets", {}).body["description"] == ""
    assert call("PATCH", "/projects/pets", {"name": "other"}).fault_codes == ["request.field-unknown"]


def test_changing_the_description_does_not_forget_an_owner_added_meanwhile(store: JobStore) -> None:
    create()
    read_before = projects.read_project(store, "pets")
    store.put_member("pets", "bob", Role.OWNER)

    projects.describe_project(store, read_before, "Cats")

    assert call("DELETE", "/projects/pets/members/ann", username="bob").status == 204
    assert call("DELETE", "/projects/pets/members/bob", username="bob").status == 409


def test_collaborators_and_administrators_do_not_change_the_description() -> None:
    create()
    call("PUT", "/projects/pets/members/bob", {"role": "collaborator"})

    assert call("PATCH", "/projects/pets", {"description": "x"}, username="bob").status == 403
    assert call("PATCH", "/projects/pets", {"description": "x"}, username="admin").status == 403


# --- deleting a project ----------------------------------------------------------------------------------------------


def test_a_deleted_project_is_gone_with_its_members_and_the_names_of_its_drafts(store: JobStore) -> None:
    create()
    add_job(store, "draft", Status.DRAFT)
    add_job(store, "done", Status.COMPLETED)

    assert call("DELETE", "/projects/pets", username="admin").status == 204

    assert call("GET", "/projects/pets").status == 404
    assert call("GET", "/projects").body["items"] == []
    assert store.job("draft") is None
    assert store.job("done") is None
    create()
    add_job(store, "draft", Status.DRAFT)
    with pytest.raises(ConflictError):
        add_job(store, "done", Status.DRAFT)


@pytest.mark.parametrize("status", [Status.VALIDATING, Status.LAUNCHING, Status.INITIALIZING, Status.IN_PROGRESS, Status.STOPPING])
def test_a_project_with_a_job_that_is_not_at_rest_stays_as_it_is(store: JobStore, status: Status) -> None:
    create()
    add_job(store, "draft", Status.DRAFT)
    add_job(store, "busy", status)

    answer = call("DELETE", "/projects/pets", username="admin")

    assert answer.status == 409
    assert "busy" in answer.body["detail"]
    assert not call("GET", "/projects/pets").body["is_being_deleted"]
    assert store.job("draft") is not None


def test_a_deletion_that_broke_off_is_finished_by_the_next(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    create()
    for number in range(3):
        add_job(store, f"draft-{number}", Status.DRAFT)
    deleted: list[str] = []
    delete_job = JobStore.delete_job

    def break_off(self: JobStore, job: LabelingJob, now: datetime) -> None:
        if deleted:
            raise RuntimeError("the function ends here")
        deleted.append(job.name)
        delete_job(self, job, now)

    monkeypatch.setattr(JobStore, "delete_job", break_off)
    assert call("DELETE", "/projects/pets", username="admin").status == 500
    monkeypatch.setattr(JobStore, "delete_job", delete_job)

    assert call("GET", "/projects/pets").body["is_being_deleted"]
    assert call("PATCH", "/projects/pets", {"description": "x"}).status == 409
    assert call("DELETE", "/projects/pets", username="admin").status == 204
    assert all(store.job(f"draft-{number}") is None for number in range(3))


def test_a_draft_submitted_while_the_project_is_deleted_keeps_the_project(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    create()
    draft = add_job(store, "draft", Status.DRAFT)
    save_project = JobStore.save_project

    def submit_in_between(self: JobStore, previous: Any, project: Any) -> None:
        save_project(self, previous, project)
        if project.is_being_deleted:
            self.save_job(draft, draft.changed(status=Status.VALIDATING))

    monkeypatch.setattr(JobStore, "save_project", submit_in_between)

    assert call("DELETE", "/projects/pets", username="admin").status == 409
    assert not call("GET", "/projects/pets").body["is_being_deleted"]
    submitted = store.job("draft")
    assert submitted is not None
    assert submitted.status is Status.VALIDATING


def test_members_cannot_delete_their_project() -> None:
    create()

    assert call("DELETE", "/projects/pets").status == 403
    assert call("DELETE", "/projects/pets", username="cleo").status == 404


# --- members ---------------------------------------------------------------------------------------------------------


def test_an_owner_adds_changes_and_removes_a_member() -> None:
    create()

    added = call("PUT", "/projects/pets/members/bob", {"role": "collaborator"})
    repeated = call("PUT", "/projects/pets/members/bob", {"role": "collaborator"})
    changed = call("PUT", "/projects/pets/members/bob", {"role": "owner"})

    assert (added.status, added.body) == (201, {"username": "bob", "role": "collaborator"})
    assert added.headers["Location"] == "/projects/pets/members/bob"
    assert (repeated.status, changed.status) == (200, 200)
    assert changed.body["role"] == "owner"
    assert call("DELETE", "/projects/pets/members/bob").status == 204
    assert call("DELETE", "/projects/pets/members/bob").status == 404
    assert call("GET", "/projects/pets", username="bob").status == 404


def test_the_last_owner_stays() -> None:
    create()
    call("PUT", "/projects/pets/members/bob", {"role": "collaborator"})

    assert call("DELETE", "/projects/pets/members/ann").status == 409
    assert call("PUT", "/projects/pets/members/ann", {"role": "collaborator"}).status == 409
    assert call("DELETE", "/projects/pets/members/ann", username="admin").status == 409


def test_a_member_must_be_a_user() -> None:
    create()

    answer = call("PUT", "/projects/pets/members/nobody", {"role": "owner"})

    assert answer.status == 422
    assert answer.body["errors"][0]["pointer"] == "/username"
    assert call("PUT", "/projects/pets/members/bob", {"role": "boss"}).fault_codes == ["request.field-invalid"]


def test_a_role_changes_only_when_it_is_what_the_client_saw() -> None:
    create()
    etag = call("PUT", "/projects/pets/members/bob", {"role": "collaborator"}).headers["ETag"]
    call("PUT", "/projects/pets/members/bob", {"role": "owner"})

    assert call("DELETE", "/projects/pets/members/bob", headers={"If-Match": etag}).status == 412
    assert call("PUT", "/projects/pets/members/cleo", {"role": "owner"}, headers={"If-Match": etag}).status == 412


def test_collaborators_read_members_and_do_not_change_them() -> None:
    create()
    call("PUT", "/projects/pets/members/bob", {"role": "collaborator"})

    assert call("GET", "/projects/pets/members", username="bob").status == 200
    assert call("PUT", "/projects/pets/members/bob", {"role": "owner"}, username="bob").status == 403
    assert call("DELETE", "/projects/pets/members/bob", username="bob").status == 403


# --- data locations --------------------------------------------------------------------------------------------------


def grant(s3_prefix: str = "s3://groundwork-data/projects/shared/", location_id: str = "shared", **event: Any) -> HttpAnswer:
    body = {"s3_prefix": s3_prefix, "access": event.pop("access", "read")}
    return call("PUT", f"/projects/pets/data-locations/{location_id}", body, username=event.pop("username", "admin"), **event)


def test_an_administrator_grants_and_takes_back_a_prefix() -> None:
    create()

    granted = grant()
    changed = grant("s3://groundwork-data/projects/shared/2026/", headers={"If-Match": granted.headers["ETag"]})

    assert (granted.status, changed.status) == (201, 200)
    assert [location["s3_prefix"] for location in call("GET", "/projects/pets/data-locations").body["items"]] == [
        "s3://groundwork-data/projects/pets/",
        "s3://groundwork-data/projects/shared/2026/",
    ]
    stale = {"If-Match": granted.headers["ETag"]}
    assert call("DELETE", "/projects/pets/data-locations/shared", username="admin", headers=stale).status == 412
    assert call("DELETE", "/projects/pets/data-locations/shared", username="admin").status == 204
    assert call("DELETE", "/projects/pets/data-locations/shared", username="admin").status == 404


@pytest.mark.parametrize(
    "prefix",
    [
        "groundwork-data/x/",
        "s3://groundwork-data/x",
        "s3://groundwork-data/",
        "s3://groundwork-data//",
        "s3://groundwork-data/../x/",
        "https://x/y/",
    ],
)
def test_a_prefix_that_is_no_folder_of_a_bucket_is_refused(prefix: str) -> None:
    create()

    assert grant(prefix).fault_codes == ["data-location.prefix-invalid"]


def test_of_the_data_bucket_only_what_belongs_to_projects_is_granted() -> None:
    create()

    answer = grant("s3://groundwork-data/others/", location_id="Bad_Id")

    assert answer.fault_codes == ["data-location.id-invalid", "data-location.unreachable"]
    assert "reach only what lies under s3://groundwork-data/projects/" in answer.body["errors"][1]["message"]


def test_a_prefix_of_another_bucket_is_granted_as_far_as_its_owner_lets_us_in() -> None:
    create()

    assert grant("s3://elsewhere/data/").status == 201
    assert grant("s3://elsewhere/data/", access="read_write").fault_codes == ["data-location.read-only"]


@pytest.mark.parametrize(
    "prefix", ["s3://groundwork-data/projects/*/", "s3://groundwork-data/projects/a?/", f"s3://groundwork-data/projects/{'x' * 100}/"]
)
def test_a_prefix_that_a_session_policy_could_not_hold_is_refused(prefix: str) -> None:
    create()

    assert grant(prefix).fault_codes == ["data-location.prefix-unfit"]


def test_a_project_has_no_more_data_locations_than_a_session_policy_can_hold() -> None:
    create()
    for number in range(9):
        assert grant(f"s3://groundwork-data/projects/x{number}/", location_id=f"x{number}").status == 201

    assert grant("s3://groundwork-data/projects/one-more/", location_id="one-more").fault_codes == ["data-location.too-many"]
    assert grant("s3://groundwork-data/projects/y/", location_id="x0").status == 200


def test_the_projects_own_prefix_never_changes() -> None:
    create()

    assert grant(location_id="default").status == 409
    assert call("DELETE", "/projects/pets/data-locations/default", username="admin").status == 409


def test_owners_do_not_grant_themselves_data() -> None:
    create()

    assert grant(username="ann").status == 403
    assert grant(username="cleo").status == 404


def test_a_deleted_projects_membership_leaves_no_hole_in_the_list(store: JobStore) -> None:
    create("cars")
    create("pets")
    boto3.client("dynamodb").delete_item(TableName="jobs", Key={"pk": {"S": "PROJECT#cars"}, "sk": {"S": "PROJECT"}})

    page = projects.list_projects(store, Caller("ann"), limit=50, next_token=None)

    assert [project.name for project in page.items] == ["pets"]
