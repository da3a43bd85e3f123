"""Health, the caller and the task types, through the function's front door."""

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.serve_catalogue import app
from groundwork import VERSION
from groundwork.access import Role
from groundwork.data_locations import DataLocation, LocationAccess, project_prefix
from groundwork.store import JobStore, Project
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def get(path: str, **event: Any) -> HttpAnswer:
    return ask("GET", path, **event)


def ask(method: str, path: str, **event: Any) -> HttpAnswer:
    return http_answer(app.lambda_handler(api_event(method, path, **event), LambdaContext()))


def test_anyone_may_ask_whether_the_service_is_up() -> None:
    answer = get("/health")

    assert answer.status == 200
    assert answer.body == {"status": "ok", "version": VERSION, "labeling_service": "BuiltIn"}


def test_the_catalogue_has_every_task_type() -> None:
    answer = get("/task-types", username="ann")

    assert answer.body["next_token"] is None
    assert len(answer.body["items"]) == 12
    assert {"key", "category", "title", "min_labels", "max_labels", "default_full_instructions"} <= set(answer.body["items"][0])


@pytest.mark.parametrize("path", ["/me", "/task-types"])
def test_nobody_learns_more_than_health(path: str) -> None:
    assert get(path).status == 403


@pytest.mark.usefixtures("jobs_table")
def test_a_caller_sees_projects_roles_and_labeling_teams() -> None:
    store = JobStore.from_env()
    for name in ("pets", "cars"):
        default = DataLocation("default", project_prefix("groundwork-data", name), LocationAccess.READ_WRITE)
        store.create_project(Project(name, "", created_at=NOW), "ann", default)
    store.put_member("cars", "bob", Role.COLLABORATOR)

    assert get("/me", username="ann", groups="vets,admins,drivers").body == {
        "username": "ann",
        "is_admin": True,
        "projects": [{"name": "cars", "role": "owner"}, {"name": "pets", "role": "owner"}],
        "labeling_teams": ["drivers", "vets"],
    }
    assert get("/me", username="bob").body == {
        "username": "bob",
        "is_admin": False,
        "projects": [{"name": "cars", "role": "collaborator"}],
        "labeling_teams": [],
    }


@pytest.mark.usefixtures("jobs_table")
def test_a_person_of_many_projects_sees_all_of_them() -> None:
    store = JobStore.from_env()
    for number in range(201):
        name = f"p{number:03}"
        default = DataLocation("default", project_prefix("groundwork-data", name), LocationAccess.READ_WRITE)
        store.create_project(Project(name, "", created_at=NOW), "ann", default)

    assert len(get("/me", username="ann").body["projects"]) == 201


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/health", "GET"),
        ("PUT", "/projects", "GET, POST"),
        ("HEAD", "/projects/pets", "GET, PATCH, DELETE"),
        ("GET", "/projects/pets/members/ann", "PUT, DELETE"),
        ("DELETE", "/work/labeling-jobs", "GET"),
    ],
)
def test_another_method_of_a_known_path_is_told_which_there_are(method: str, path: str, allow: str) -> None:
    answer = ask(method, path, username="ann")

    assert (answer.status, answer.headers["Allow"]) == (405, allow)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body["type"] == "/problems/method-not-allowed"


@pytest.mark.parametrize("path", ["/", "/project", "/projects/pets/nothing", "/work/leases/a/b/c", "//projects", "/projects//members"])
def test_an_unknown_path_is_not_found_whatever_the_method(path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = ask(method, path, username="ann")

        assert (answer.status, answer.body["type"]) == (404, "/problems/not-found")
