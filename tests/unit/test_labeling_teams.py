"""Labeling teams, through the function's front door, with the built-in labeling service."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from functions.serve_labeling_teams import app
from functions.serve_projects import app as projects_app
from groundwork import labeling_teams
from groundwork.data_locations import DataLocation, LocationAccess, project_prefix
from groundwork.labeling_jobs.definition import LabelingJobDefinition
from groundwork.labeling_jobs.job import LabelingJob
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.store import JobEvent, JobStore, Project
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer, make_user_pool

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
VETS = {"name": "vets", "description": "Veterinarians"}


@pytest.fixture(autouse=True)
def stack(jobs_table: object) -> Iterator[None]:
    make_user_pool("ann", "bob", "w1", "w2")
    yield
    labeling_teams._user_pool.cache_clear()


def call(method: str, path: str, body: Any = None, *, username: str = "admin", groups: str | None = "admins", **event: Any) -> HttpAnswer:
    parts = path.strip("/").split("/")
    parameters = dict(zip(("team", "username"), parts[1::2], strict=False))
    request = api_event(method, path, body, username=username, groups=groups, path_parameters=parameters or None, **event)
    return http_answer(app.lambda_handler(request, LambdaContext()))


def create(name: str = "vets") -> HttpAnswer:
    answer = call("POST", "/labeling-teams", {"name": name, "description": "Veterinarians"})
    assert answer.status == 201
    return answer


def add_job(name: str, status: Status, team: str) -> None:
    store = JobStore.from_env()
    if store.project("pets") is None:
        default = DataLocation("default", project_prefix("groundwork-data", "pets"), LocationAccess.READ_WRITE)
        store.create_project(Project("pets", "", created_at=NOW), "ann", default)
    job = LabelingJob("pets", f"id-{name}", LabelingJobDefinition(name=name, labeling_team=team), status, "BuiltIn", "ann", NOW, NOW)
    store.create_job(job, JobEvent(NOW, "Labeling Job Drafted", {}))


def test_a_new_team_is_there_and_empty() -> None:
    answer = create()

    expected = {
        "name": "vets",
        "arn": "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/vets",
        "description": "Veterinarians",
        "member_count": 0,
    }
    assert answer.body == {**expected, "members": []}
    assert answer.headers["Location"] == "/labeling-teams/vets"
    assert call("GET", "/labeling-teams").body == {"items": [expected], "next_token": None}
    assert call("GET", "/labeling-teams/vets").headers["ETag"] == answer.headers["ETag"]


@pytest.mark.parametrize("name", ["", "-a", "a-", "a b", "ä", "a" * 64, "a\n"])
def test_a_name_outside_the_rules_is_refused(name: str) -> None:
    assert call("POST", "/labeling-teams", {**VETS, "name": name}).fault_codes == ["labeling-team.name-invalid"]


def test_the_administrators_are_no_labeling_team() -> None:
    assert call("POST", "/labeling-teams", {**VETS, "name": "admins"}).fault_codes == ["labeling-team.name-reserved"]
    assert call("GET", "/labeling-teams").body["items"] == []
    for method, path in (("GET", ""), ("DELETE", ""), ("PUT", "/members/bob"), ("DELETE", "/members/bob")):
        assert call(method, f"/labeling-teams/admins{path}").status == 404
    assert boto3.client("cognito-idp").get_group(UserPoolId="us-east-1_test", GroupName="admins")
    assert labeling_teams.member_count("admins") is None


def test_all_faults_of_a_new_team_are_told_at_once() -> None:
    answer = call("POST", "/labeling-teams", {"name": "-", "description": ""})

    assert answer.fault_codes == ["labeling-team.name-invalid", "labeling-team.description-invalid"]


def test_a_taken_name_is_a_conflict() -> None:
    create()

    assert call("POST", "/labeling-teams", VETS).status == 409


def test_a_repeated_create_with_the_same_key_replays_the_first_answer() -> None:
    first = call("POST", "/labeling-teams", VETS, headers={"Idempotency-Key": "k"})

    again = call("POST", "/labeling-teams", VETS, headers={"Idempotency-Key": "k"})

    assert (first.status, again.status, again.body) == (201, 201, first.body)


def test_people_join_and_leave_a_team() -> None:
    create()

    assert call("PUT", "/labeling-teams/vets/members/w2").status == 204
    assert call("PUT", "/labeling-teams/vets/members/w1").status == 204
    assert call("PUT", "/labeling-teams/vets/members/w1").status == 204
    assert call("GET", "/labeling-teams/vets").body["members"] == [{"username": "w1"}, {"username": "w2"}]
    assert labeling_teams.member_count("vets") == 2
    assert call("DELETE", "/labeling-teams/vets/members/w1").status == 204
    assert call("DELETE", "/labeling-teams/vets/members/w1").status == 404
    assert call("GET", "/labeling-teams/vets").body["member_count"] == 1


def test_only_users_join_and_only_existing_teams_are_joined() -> None:
    create()

    assert call("PUT", "/labeling-teams/vets/members/nobody").fault_codes == ["member.user-unknown"]
    assert call("PUT", "/labeling-teams/ghosts/members/w1").status == 404
    assert labeling_teams.member_count("ghosts") is None


def test_a_team_of_more_members_than_a_page_is_counted_whole() -> None:
    create()
    client = boto3.client("cognito-idp")
    for number in range(65):
        client.admin_create_user(UserPoolId="us-east-1_test", Username=f"worker-{number}")
        client.admin_add_user_to_group(UserPoolId="us-east-1_test", GroupName="vets", Username=f"worker-{number}")

    assert call("GET", "/labeling-teams").body["items"][0]["member_count"] == 65


def test_pages_of_teams_follow_one_another() -> None:
    for name in ("c", "a", "b"):
        create(name)

    first = call("GET", "/labeling-teams", query={"limit": "2"}).body
    second = call("GET", "/labeling-teams", query={"limit": "2", "next_token": first["next_token"]}).body

    assert [team["name"] for team in first["items"] + second["items"]] == ["a", "b", "c"]
    assert second["next_token"] is None
    assert call("GET", "/labeling-teams", query={"next_token": "none of ours"}).status == 422


def test_a_deleted_team_is_gone_and_its_people_stay() -> None:
    create()
    call("PUT", "/labeling-teams/vets/members/w1")

    assert call("DELETE", "/labeling-teams/vets").status == 204

    assert call("GET", "/labeling-teams/vets").status == 404
    assert call("DELETE", "/labeling-teams/vets").status == 404
    assert boto3.client("cognito-idp").admin_get_user(UserPoolId="us-east-1_test", Username="w1")


def test_a_team_is_deleted_only_as_the_client_saw_it() -> None:
    etag = create().headers["ETag"]
    call("PUT", "/labeling-teams/vets/members/w1")

    assert call("DELETE", "/labeling-teams/vets", headers={"If-Match": etag}).status == 412


def test_a_team_in_use_stays_until_its_jobs_are_at_rest() -> None:
    create("vets")
    create("others")
    add_job("busy", Status.IN_PROGRESS, "vets")
    add_job("done", Status.COMPLETED, "others")

    answer = call("DELETE", "/labeling-teams/vets")

    assert answer.status == 409
    assert "busy" in answer.body["detail"]
    assert call("DELETE", "/labeling-teams/others").status == 204


@pytest.mark.parametrize(("method", "path"), [(route.method, route.path) for route in app.api.routes])
def test_teams_are_managed_by_administrators_only(method: str, path: str) -> None:
    answer = call(method, path.format(team="vets", username="w1"), VETS, username="ann", groups=None)

    assert answer.status == 403


def test_members_of_a_project_see_the_teams_to_choose_from() -> None:
    create()
    add_job("any", Status.DRAFT, "vets")

    def see(username: str, groups: str | None = None, project: str = "pets") -> HttpAnswer:
        path = f"/projects/{project}/labeling-teams"
        event = api_event("GET", path, username=username, groups=groups, path_parameters={"project": project})
        return http_answer(projects_app.lambda_handler(event, LambdaContext()))

    assert [team["name"] for team in see("ann").body["items"]] == ["vets"]
    assert see("bob").status == 404
    assert see("admin", "admins").status == 200
    assert see("admin", "admins", project="ghost").status == 404


# --- a labeling service that keeps workteams of its own, as SageMaker does -------------------------------------------


class WorkteamKeeper:
    """SageMaker's workteam operations, with its errors (API CreateWorkteam: ResourceInUse; an unknown name: ValidationException)."""

    def __init__(self) -> None:
        self.teams: dict[str, dict[str, Any]] = {}
        self.failure: str | None = None

    def _error(self, code: str) -> ClientError:
        return ClientError({"Error": {"Code": code, "Message": "no workforce"}}, "CreateWorkteam")

    def create_workteam(self, **request: Any) -> Any:
        if self.failure:
            raise self._error(self.failure)
        name = request["WorkteamName"]
        self.teams[name] = {**request, "WorkteamArn": f"arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/{name}"}
        return {"WorkteamArn": self.teams[name]["WorkteamArn"]}

    def delete_workteam(self, **request: Any) -> Any:
        del self.teams[request["WorkteamName"]]
        return {"Success": True}

    def describe_workteam(self, **request: Any) -> Any:
        if request["WorkteamName"] not in self.teams:
            raise self._error("ValidationException")
        return {"Workteam": self.teams[request["WorkteamName"]]}

    def list_workteams(self, **request: Any) -> Any:
        return {"Workteams": list(self.teams.values())[: request["MaxResults"]]}

    def create_labeling_job(self, **request: Any) -> Any: ...
    def describe_labeling_job(self, **request: Any) -> Any: ...
    def stop_labeling_job(self, **request: Any) -> Any: ...
    def list_labeling_jobs(self, **request: Any) -> Any: ...


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> WorkteamKeeper:
    service = WorkteamKeeper()
    monkeypatch.setattr(app, "service", service)
    return service


def test_a_team_at_sagemaker_is_the_group_of_its_name(keeper: WorkteamKeeper) -> None:
    create()

    assert keeper.teams["vets"]["MemberDefinitions"] == [
        {"CognitoMemberDefinition": {"UserPool": "us-east-1_test", "UserGroup": "vets", "ClientId": "client"}}
    ]


def test_a_creation_that_broke_off_after_the_group_is_finished_by_the_next(keeper: WorkteamKeeper) -> None:
    keeper.failure = "InternalFailure"
    assert call("POST", "/labeling-teams", VETS).status == 500
    keeper.failure = None

    assert call("POST", "/labeling-teams", VETS).status == 201


def test_a_deletion_that_broke_off_before_the_group_is_finished_by_the_next(keeper: WorkteamKeeper) -> None:
    create()
    keeper.delete_workteam(WorkteamName="vets")

    assert call("DELETE", "/labeling-teams/vets").status == 204
    assert labeling_teams.member_count("vets") is None


def test_a_team_that_the_service_refuses_is_told_with_its_reason(keeper: WorkteamKeeper) -> None:
    keeper.failure = "ValidationException"

    answer = call("POST", "/labeling-teams", VETS)

    assert answer.status == 502
    assert "no workforce" in answer.body["detail"]


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceLimitExceeded", "NobodyDocumentedThis"])
def test_whatever_the_service_refuses_comes_with_its_words(keeper: WorkteamKeeper, code: str) -> None:
    keeper.failure = code

    answer = call("POST", "/labeling-teams", VETS)

    assert (answer.status, answer.body["type"]) == (502, "/problems/labeling-service")
    assert "no workforce" in answer.body["detail"]


def test_a_service_that_is_too_busy_is_asked_again_later(keeper: WorkteamKeeper) -> None:
    keeper.failure = "ThrottlingException"

    answer = call("POST", "/labeling-teams", VETS)

    assert (answer.status, answer.headers["Retry-After"]) == (429, "1")


def test_a_name_taken_in_the_same_moment_is_a_conflict(keeper: WorkteamKeeper) -> None:
    keeper.failure = "ResourceInUse"

    assert call("POST", "/labeling-teams", VETS).status == 409


def test_a_team_whose_members_are_kept_elsewhere_is_shown_without_them(keeper: WorkteamKeeper) -> None:
    keeper.create_workteam(WorkteamName="vendors", Description="A vendor's people", MemberDefinitions=[])

    assert call("GET", "/labeling-teams").body["items"][0]["member_count"] is None
    assert call("GET", "/labeling-teams/vendors").body["members"] is None
    assert call("PUT", "/labeling-teams/vendors/members/w1").status == 409
