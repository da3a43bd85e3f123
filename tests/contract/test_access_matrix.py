"""Every route of every API function, asked by every kind of caller. One table says what each of them gets.

"Nobody" has no token. API Gateway answers such requests with 401 before they reach a function (test_template checks that every
route but GET /health has the authorizer); the function refuses them too, as the second line of defence: 403, or 404 where the
caller must not learn that there is anything.
"""

import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from groundwork import manifest_builds
from groundwork.access import Role
from groundwork.data_locations import DataLocation, LocationAccess, S3Uri
from groundwork.deliveries import Attempt, Outcome
from groundwork.engine.jobs import JobStatus
from groundwork.engine.store import EngineStore
from groundwork.engine.work import Work
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.store import JobStore
from groundwork.subscriptions import Kind, Subscription, Wish
from groundwork.webhooks import new_secret
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer, make_access_key_secrets_key, make_user_pool
from tests.builders import BUCKET, ROOT, a_document, a_project, a_stored_job, create_data_bucket, create_table, event_sample
from tests.mocked_aws import ClientsMadeOnce, an_empty_aws
from tests.unit.engine.builders import Engine, a_request, chose, pictures
from tests.unit.engine.builders import a_job as an_engine_job

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from groundwork.http_api import HttpApi

APIS: dict[str, "HttpApi"] = {
    path.parent.name: importlib.import_module(f"functions.{path.parent.name}.app").api
    for path in sorted(ROOT.glob("functions/serve_*/app.py"))
}
ROUTES = {f"{route.method} {route.path}": api for api in APIS.values() for route in api.routes}

#: Kind of caller -> user name and groups of the token; None: no token.
CALLERS: dict[str, tuple[str, tuple[str, ...]] | None] = {
    "nobody": None,
    "outsider": ("olga", ()),
    "worker": ("wendy", ("vets",)),
    "collaborator": ("bob", ()),
    "owner": ("ann", ()),
    "admin": ("root", ("admins",)),
    "member of another project": ("zed", ()),
}


@dataclass(frozen=True)
class Row:
    """What each kind of caller gets, in the order of CALLERS; and what a request to the route needs."""

    statuses: tuple[int, ...]
    path: dict[str, str] = field(default_factory=dict)
    body: Any = None
    query: dict[str, str] | None = None

    def __post_init__(self) -> None:
        assert len(self.statuses) == len(CALLERS)


hook = partial(Row, path={"project": "pets", "id": "ops"})
pets = partial(Row, path={"project": "pets"})
draft = partial(Row, path={"project": "pets", "name": "draft-1"})
running = partial(Row, path={"project": "pets", "name": "running-1"})
engine = partial(Row, path={"project": "pets", "name": "Kinds-1"})
finished = partial(Row, path={"project": "pets", "name": "finished-1"})
team = partial(Row, path={"team": "spare"})
lease = partial(Row, path={"lease_id": "<wendy's>"})

MATRIX = {
    #                                                          nobody outsid worker collab owner admin other
    "GET /health":                                          Row((200,   200,   200,   200,  200,  200,  200)),
    "GET /me":                                              Row((403,   200,   200,   200,  200,  200,  200)),
    "GET /task-types":                                      Row((403,   200,   200,   200,  200,  200,  200)),

    "GET /access-keys":                                     Row((403,   200,   200,   200,  200,  200,  200)),
    "POST /access-keys":                                    Row((403,   201,   201,   201,  201,  201,  201), body={}),
    # 404: allowed, but nobody has such a key; another person's is hidden the same way (test_access_keys).
    "DELETE /access-keys/{access_key_id}":                  Row((403,   404,   404,   404,  404,  404,  404),
                                                                {"access_key_id": "AKGWNOBODYS"}),

    "GET /people":                                          Row((403,   403,   403,   403,  403,  200,  403)),
    "POST /people":                                         Row((403,   403,   403,   403,  403,  201,  403),
                                                                body={"username": "new", "email": "new@example.com"}),
    "GET /people/{username}":                               Row((403,   403,   403,   403,  403,  200,  403), {"username": "cleo"}),
    "DELETE /people/{username}":                            Row((403,   403,   403,   403,  403,  204,  403), {"username": "cleo"}),
    "POST /people/{username}/enable":                       Row((403,   403,   403,   403,  403,  200,  403), {"username": "cleo"}),
    "POST /people/{username}/invite":                       Row((403,   403,   403,   403,  403,  202,  403), {"username": "cleo"}),

    "POST /projects":                                       Row((403,   403,   403,   403,  403,  201,  403),
                                                                body={"name": "new", "description": "", "owner": "ann"}),
    "GET /projects":                                        Row((403,   200,   200,   200,  200,  200,  200)),
    "GET /projects/{project}":                             pets((404,   404,   404,   200,  200,  200,  404)),
    "PATCH /projects/{project}":                           pets((404,   404,   404,   403,  200,  403,  404), body={"description": "New"}),
    # 409: allowed, but a labeling job still runs.
    "DELETE /projects/{project}":                          pets((404,   404,   404,   403,  403,  409,  404)),
    "GET /projects/{project}/members":                     pets((404,   404,   404,   200,  200,  200,  404)),
    "PUT /projects/{project}/members/{username}":           Row((404,   404,   404,   403,  201,  201,  404),
                                                                {"project": "pets", "username": "cleo"}, {"role": "collaborator"}),
    "DELETE /projects/{project}/members/{username}":        Row((404,   404,   404,   403,  204,  204,  404),
                                                                {"project": "pets", "username": "bob"}),
    "GET /projects/{project}/data-locations":              pets((404,   404,   404,   200,  200,  200,  404)),
    "PUT /projects/{project}/data-locations/{id}":          Row((404,   404,   404,   403,  403,  200,  404),
                                                                {"project": "pets", "id": "more"},
                                                                {"s3_prefix": f"s3://{BUCKET}/projects/zoo/", "access": "read"}),
    "DELETE /projects/{project}/data-locations/{id}":       Row((404,   404,   404,   403,  403,  204,  404),
                                                                {"project": "pets", "id": "more"}),
    "GET /projects/{project}/labeling-teams":              pets((404,   404,   404,   200,  200,  200,  404)),
    "GET /projects/{project}/objects":                     pets((404,   404,   404,   200,  200,  200,  404),
                                                                query={"prefix": f"s3://{BUCKET}/projects/pets/"}),
    "GET /projects/{project}/objects/url":                 pets((404,   404,   404,   200,  200,  200,  404),
                                                                query={"s3_uri": f"s3://{BUCKET}/projects/pets/datasets/1.png"}),
    "POST /projects/{project}/uploads":                    pets((404,   404,   404,   201,  201,  403,  404),
                                                                body={"key": "datasets/a.png", "content_type": "image/png", "size": 5}),

    "POST /projects/{project}/manifests":                  pets((404,   404,   404,   202,  202,  403,  404),
                                                                body={"name": "new", "task_category": "Image",
                                                                      "input_prefix_uri": f"s3://{BUCKET}/projects/pets/datasets/"}),
    "GET /projects/{project}/manifests":                   pets((404,   404,   404,   200,  200,  200,  404)),
    "GET /projects/{project}/manifests/{manifest}":         Row((404,   404,   404,   200,  200,  200,  404),
                                                                {"project": "pets", "manifest": "built"}),
    "GET /projects/{project}/notifications":               pets((404,   404,   404,   200,  200,  200,  404)),
    "GET /projects/{project}/notifications/{id}":          hook((404,   404,   404,   200,  200,  200,  404)),
    "PUT /projects/{project}/notifications/{id}":          hook((404,   404,   404,   403,  200,  200,  404),
                                                                body={"kind": "webhook", "url": "https://8.8.8.8/"}),
    "DELETE /projects/{project}/notifications/{id}":       hook((404,   404,   404,   403,  204,  204,  404)),
    "POST /projects/{project}/notifications/{id}/rotate-secret": hook((404, 404, 404, 403,  200,  200,  404)),
    "GET /projects/{project}/notifications/{id}/deliveries": hook((404, 404,   404,   200,  200,  200,  404)),
    "POST /projects/{project}/notifications/{id}/deliveries/{delivery_id}/replay":
                                                           Row((404,   404,   404,   403,  202,  202,  404),
                                                                {"project": "pets", "id": "ops", "delivery_id": "1"}),

    "GET /labeling-teams":                                  Row((403,   403,   403,   403,  403,  200,  403)),
    "POST /labeling-teams":                                 Row((403,   403,   403,   403,  403,  201,  403),
                                                                body={"name": "new", "description": "New"}),
    "GET /labeling-teams/{team}":                          team((403,   403,   403,   403,  403,  200,  403)),
    "DELETE /labeling-teams/{team}":                       team((403,   403,   403,   403,  403,  204,  403)),
    "PUT /labeling-teams/{team}/members/{username}":        Row((403,   403,   403,   403,  403,  204,  403),
                                                                {"team": "spare", "username": "cleo"}),
    "DELETE /labeling-teams/{team}/members/{username}":     Row((403,   403,   403,   403,  403,  204,  403),
                                                                {"team": "vets", "username": "wendy"}),

    "POST /projects/{project}/labeling-jobs":              pets((404,   404,   404,   202,  202,  403,  404),
                                                                body=a_document(name="new-1", workers_per_object=1)),
    "GET /projects/{project}/labeling-jobs":               pets((404,   404,   404,   200,  200,  200,  404)),
    "GET /projects/{project}/labeling-jobs/{name}":       draft((404,   404,   404,   200,  200,  200,  404)),
    "PATCH /projects/{project}/labeling-jobs/{name}":     draft((404,   404,   404,   200,  200,  403,  404), body={"description": "New"}),
    # The draft is the owner's; what a creator may do is test_access's.
    "DELETE /projects/{project}/labeling-jobs/{name}":    draft((404,   404,   404,   403,  204,  403,  404)),
    "POST /projects/{project}/labeling-jobs/{name}/submit": draft((404, 404,   404,   202,  202,  403,  404)),
    "POST /projects/{project}/labeling-jobs/{name}/stop": running((404, 404,   404,   403,  202,  202,  404)),
    "POST /projects/{project}/labeling-jobs/{name}/clone": draft((404, 404,    404,   201,  201,  403,  404), body={"name": "cloned-1"}),
    "POST /projects/{project}/labeling-jobs/{name}/exports": finished((404, 404, 404, 202, 202,  403,  404), body={"format": "csv"}),
    "GET /projects/{project}/labeling-jobs/{name}/exports": finished((404, 404, 404,  200,  200,  200,  404)),
    # 404: allowed, but the job has no such export.
    "GET /projects/{project}/labeling-jobs/{name}/exports/{export_id}": Row((404, 404, 404, 404, 404, 404, 404),
                                                                {"project": "pets", "name": "finished-1", "export_id": "none"}),
    # 409: allowed, but the engine knows nothing of this job.
    "POST /projects/{project}/labeling-jobs/{name}/consolidate":
                                                       finished((404,   404,   404,   403,  409,  409,  404)),
    "GET /projects/{project}/labeling-jobs/{name}/quality": finished((404, 404, 404,  409,  409,  409,  404)),
    "GET /labeling-jobs":                                   Row((403,   403,   403,   403,  403,  200,  403)),
    "GET /projects/{project}/labeling-jobs/{name}/parts":  draft((404,  404,   404,   200,  200,  200,  404)),
    "POST /projects/{project}/labeling-jobs/{name}/pause": engine((404, 404,  404,   403,  200,  200,  404)),
    "POST /projects/{project}/labeling-jobs/{name}/resume": engine((404, 404, 404,   403,  200,  200,  404)),
    "POST /projects/{project}/labeling-jobs/{name}/extend": engine((404, 404, 404,   403,  200,  200,  404),
                                                                body={"task_expiration_seconds": 1_000_000}),
    "PUT /projects/{project}/labeling-jobs/{name}/instructions": engine((404, 404, 404, 403, 200, 200, 404),
                                                                body={"short_instructions": "<p>Look</p>", "full_instructions": None}),
    "GET /projects/{project}/labeling-jobs/{name}/objects": engine((404, 404, 404,   403,  200,  200,  404)),
    "POST /projects/{project}/labeling-jobs/{name}/objects/{n}/reissue":
                                                             Row((404,   404,   404,   403,  204,  204,  404),
                                                                {"project": "pets", "name": "Kinds-1", "n": "0"}),
    "GET /projects/{project}/labeling-jobs/{name}/events": draft((404,  404,   404,   200,  200,  200,  404)),
    "GET /projects/{project}/labeling-jobs/{name}/validation-report":
                                                          draft((404,   404,   404,   200,  200,  200,  404)),
    "GET /projects/{project}/labeling-jobs/{name}/preview": draft((404, 404,   404,   200,  200,  200,  404)),
    "GET /projects/{project}/labeling-jobs/{name}/results": finished((404, 404, 404, 200,  200,  200,  404)),
    "GET /projects/{project}/labeling-jobs/{name}/output": finished((404, 404, 404,   200,  200,  200,  404)),

    "GET /work/labeling-jobs":                              Row((403,   200,   200,   200,  200,  200,  200)),
    "POST /work/labeling-jobs/{name}/leases":               Row((403,   404,   201,   404,  404,  404,  404), {"name": "Kinds-1"}),
    "GET /work/leases/{lease_id}":                        lease((403,   404,   200,   404,  404,  404,  404)),
    "GET /work/leases/{lease_id}/page":                   lease((403,   404,   200,   404,  404,  404,  404)),
    "POST /work/leases/{lease_id}/renew":                 lease((403,   404,   200,   404,  404,  404,  404)),
    "POST /work/leases/{lease_id}/answer":                lease((403,   404,   200,   404,  404,  404,  404),
                                                                body={"answer": chose("car")}),
    "PUT /work/leases/{lease_id}/draft":                  lease((403,   404,   204,   404,  404,  404,  404),
                                                                body={"answer": chose("car")}),
    "POST /work/leases/{lease_id}/decline":               lease((403,   404,   204,   404,  404,  404,  404), body={"reason": "blank"}),
    "GET /work/history":                                    Row((403,   200,   200,   200,  200,  200,  200)),
    "POST /work/leases/{lease_id}/return":                lease((403,   404,   204,   404,  404,  404,  404)),
}  # fmt: skip


def make_world(data_bucket: "S3Client") -> None:
    """Two projects with their people; a draft, a running and a finished job of `pets`; a job in the engine for the team `vets`."""
    make_access_key_secrets_key()
    pool = make_user_pool("ann", "bob", "cleo", "zed", "wendy", "olga")
    client = boto3.client("cognito-idp")
    for name in ("vets", "spare"):
        client.create_group(UserPoolId=pool, GroupName=name)
    client.admin_add_user_to_group(UserPoolId=pool, GroupName="vets", Username="wendy")
    store = JobStore.from_env()
    a_project(store, "pets", owner="ann", collaborators=("bob",))
    a_project(store, "zoo", owner="zed")
    store.put_data_location("pets", DataLocation("more", S3Uri(BUCKET, "projects/zoo/"), LocationAccess.READ))
    now = datetime.now(UTC)
    wish = Wish(Kind.WEBHOOK, url="https://8.8.4.4/")
    hooked = Subscription(
        project="pets", id="ops", uid="1", wish=wish, created_by="ann", created_at=now, updated_at=now, secret=new_secret()
    )
    store.save_subscription(None, hooked)
    fact = event_sample("labeling_job_completed")
    attempt = Attempt("1", now, "1", fact["detail-type"], fact["detail"], number=1, outcome=Outcome.DELIVERED)
    store.add_attempt(hooked, attempt, expires_at=now)
    boto3.client("sqs").create_queue(QueueName="notifications")
    document = a_stored_job(store, name="running-1", status=Status.IN_PROGRESS).definition
    a_stored_job(store, name="draft-1", definition=document.model_copy(update={"name": "draft-1", "workers_per_object": 1}))
    a_stored_job(store, name="Kinds-1", status=Status.IN_PROGRESS, labeling_job_arn="arn:aws:sagemaker:…:labeling-job/kinds-1")
    output = f"s3://{BUCKET}/projects/pets/output/finished-1/manifests/output/output.manifest"
    a_stored_job(store, name="finished-1", status=Status.COMPLETED, output_manifest_uri=output)

    line = json.dumps({"source-ref": f"s3://{BUCKET}/projects/pets/datasets/1.png"})
    data_bucket.put_object(Bucket=BUCKET, Key=output.removeprefix(f"s3://{BUCKET}/"), Body=line.encode())
    data_bucket.put_object(Bucket=BUCKET, Key="projects/pets/manifests/cats.manifest", Body=line.encode())
    manifest_builds.request_manifest(
        store,
        project="pets",
        name="built",
        input_prefix_uri=f"s3://{BUCKET}/projects/pets/datasets/",
        task_category="Image",
        data_bucket=BUCKET,
        by="ann",
        now=datetime.now(UTC),
    )

    engine_store = EngineStore.from_env()
    engine = Engine(engine_store, data_bucket, Work(engine_store, data_bucket, region="us-east-1"))
    engine.put_input(pictures(2))
    engine.put_template("<p>{{ task.input.taskObject }}</p>")
    assert engine.store.create_job(replace(an_engine_job(a_request()), created_at=now, modified_at=now))
    engine.load("Kinds-1")
    engine.set_status("Kinds-1", JobStatus.IN_PROGRESS)


@pytest.fixture
def world(jobs_table: object, engine_table: object, data_bucket: "S3Client") -> None:
    """A world of the test's own."""
    make_world(data_bucket)


def ask(
    api: "HttpApi", method: str, template: str, path: dict[str, str], body: Any, kind: str, query: dict[str, str] | None = None
) -> HttpAnswer:
    username, groups = CALLERS[kind] or (None, ())
    concrete = template.format(**path)
    request = api_event(
        method, concrete, body, username=username, groups=",".join(groups) or None, path_parameters=path or None, query=query
    )
    return http_answer(api.handle(request, LambdaContext()))


def lease_of_wendy() -> str:
    answer = ask(APIS["serve_work"], "POST", "/work/labeling-jobs/{name}/leases", {"name": "Kinds-1"}, None, "worker")
    assert answer.status == 201
    return str(answer.body["lease_id"])


def test_every_route_is_in_the_table_and_the_table_has_no_other() -> None:
    assert set(MATRIX) == set(ROUTES)


def changes_nothing(route: str, status: int) -> bool:
    return status in {403, 404} or route.startswith("GET ")


def path_of(row: Row) -> dict[str, str]:
    return {**row.path, **({"lease_id": lease_of_wendy()} if "lease_id" in row.path else {})}


class TestWhatChangesNothing:
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def aws(cls, template: dict[str, Any], mocked_aws: ClientsMadeOnce) -> Iterator[None]:
        """One world for all tests of the class, which leave it as it is: making one takes much longer than asking."""
        with an_empty_aws(mocked_aws):
            create_table(template, "JobsTable", "jobs")
            create_table(template, "EngineTable", "engine")
            make_world(create_data_bucket())
            yield

    @pytest.fixture(scope="class")
    @classmethod
    def lease_id(cls) -> str:
        return lease_of_wendy()

    @pytest.mark.parametrize("route", MATRIX)
    def test_each_kind_of_caller_gets_what_the_table_says(self, route: str, request: pytest.FixtureRequest) -> None:
        row, (method, template) = MATRIX[route], route.split(" ")
        # Taken when it is first needed: it ends by the clock.
        path = {**row.path, "lease_id": request.getfixturevalue("lease_id")} if "lease_id" in row.path else row.path
        # Those whose request changes something get a world of their own each, below.
        expected = {kind: status for kind, status in zip(CALLERS, row.statuses, strict=True) if changes_nothing(route, status)}

        answers = {kind: ask(ROUTES[route], method, template, path, row.body, kind, row.query) for kind in expected}

        assert {kind: answer.status for kind, answer in answers.items()} == expected
        for answer in answers.values():
            if answer.status >= 400:
                assert answer.headers["Content-Type"] == "application/problem+json"
                assert set(answer.body) == {"type", "title", "status", "detail", "instance", "request_id", "errors"}

    @pytest.mark.parametrize("route", [route for route in MATRIX if "{project}" in route and "{name}" in route])
    def test_a_job_cannot_be_reached_through_a_project_of_ones_own(self, route: str) -> None:
        row, (method, template) = MATRIX[route], route.split(" ")

        answer = ask(ROUTES[route], method, template, {**row.path, "project": "zoo"}, row.body, "member of another project")

        assert answer.status == 404


ALLOWED_CHANGES = [
    (route, kind, status)
    for route, row in MATRIX.items()
    for kind, status in zip(CALLERS, row.statuses, strict=True)
    if not changes_nothing(route, status)
]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(("route", "kind", "status"), ALLOWED_CHANGES, ids=[f"{route} as {kind}" for route, kind, _ in ALLOWED_CHANGES])
def test_who_may_change_something_can(route: str, kind: str, status: int) -> None:
    row, (method, template) = MATRIX[route], route.split(" ")

    assert ask(ROUTES[route], method, template, path_of(row), row.body, kind).status == status


# --- what the table cannot say ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("world")
def test_work_is_listed_for_members_of_its_team_only() -> None:
    listed = {kind: ask(APIS["serve_work"], "GET", "/work/labeling-jobs", {}, None, kind).body for kind in CALLERS if kind != "nobody"}

    assert {kind for kind, body in listed.items() if body["items"]} == {"worker"}


@pytest.mark.usefixtures("world")
def test_another_member_of_the_team_cannot_touch_a_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    lease_id = lease_of_wendy()
    monkeypatch.setitem(CALLERS, "colleague", ("walt", ("vets",)))

    for route, row in MATRIX.items():
        if "lease_id" in row.path:
            method, template = route.split(" ")
            assert ask(APIS["serve_work"], method, template, {"lease_id": lease_id}, row.body, "colleague").status == 404


@pytest.mark.usefixtures("world")
def test_projects_are_listed_for_their_members_and_for_administrators() -> None:
    listed = {
        kind: [project["name"] for project in ask(APIS["serve_projects"], "GET", "/projects", {}, None, kind).body["items"]]
        for kind in CALLERS
        if kind != "nobody"
    }

    assert listed == {
        "outsider": [],
        "worker": [],
        "collaborator": ["pets"],
        "owner": ["pets"],
        "admin": ["pets", "zoo"],
        "member of another project": ["zoo"],
    }


@pytest.mark.usefixtures("world")
def test_a_project_that_does_not_exist_answers_like_one_that_is_hidden() -> None:
    hidden, missing = (
        ask(APIS["serve_projects"], "GET", "/projects/{project}", {"project": project}, None, "outsider") for project in ("pets", "nowhere")
    )

    assert {**hidden.body, "instance": ""} == {**missing.body, "instance": ""}


@pytest.mark.usefixtures("world")
def test_a_removed_member_is_refused_at_once() -> None:
    JobStore.from_env().remove_member("pets", "bob")

    assert (
        ask(APIS["serve_labeling_jobs"], *("GET", "/projects/{project}/labeling-jobs"), {"project": "pets"}, None, "collaborator").status
        == 404
    )


@pytest.mark.usefixtures("world")
def test_a_role_in_one_project_is_none_in_another() -> None:
    JobStore.from_env().put_member("zoo", "ann", Role.COLLABORATOR)

    assert ask(APIS["serve_projects"], "PATCH", "/projects/{project}", {"project": "zoo"}, {"description": "x"}, "owner").status == 403
