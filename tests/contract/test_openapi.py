"""docs/openapi.yaml against the handlers' route tables, the template's events and the models: nothing missing, nothing invented."""

import importlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
import yaml
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from pydantic import BaseModel

from groundwork import access, routes, task_types
from groundwork.errors import InvalidRequestError
from groundwork.events import EventName
from groundwork.http_api import Route
from groundwork.labeling_jobs.definition import LabelingJobDefinition, NamedEntityLabel, StoppingConditions
from groundwork.labeling_jobs.job import LabelingJob
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.shapes import parse
from groundwork.store import JobStore
from groundwork.webhooks import Failure
from tests.api_events import LambdaContext, api_event, http_answer, make_user_pool
from tests.builders import BUCKET, a_definition, a_project, a_stored_job

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())
METHODS = {"get", "put", "post", "patch", "delete"}
WITH_BODY = {"post", "put", "patch"}
# These act on what the path names and read no body.
BODY_IS_OPTIONAL = {"create_access_key"}
BODILESS = {
    "submit_labeling_job",
    "stop_labeling_job",
    "consolidate_labeling_job",
    "take_lease",
    "pause_labeling_job",
    "resume_labeling_job",
    "reissue_object",
    "renew_lease",
    "return_lease",
    "put_labeling_team_member",
    "rotate_notification_secret",
    "replay_delivery",
    "enable_person",
    "invite_person_again",
}


def documented() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): {**operation, "parameters": [*item.get("parameters", []), *operation.get("parameters", [])]}
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def handled() -> dict[tuple[str, str], Route]:
    declared = [
        route
        for app in sorted((ROOT / "functions").glob("serve_*/app.py"))
        for route in importlib.import_module(f"functions.{app.parent.name}.app").api.routes
    ]
    table = {(route.method, route.path): route for route in declared}
    assert len(table) == len(declared), "a route is declared twice"
    return table


# Speaks AWS's JSON protocol; SageMaker's service model describes it, and botocore carries that.
OF_SAGEMAKERS_PROTOCOL = ("POST", "/sagemaker")
# Files for browsers, public and no JSON API.
OF_THE_WEB = {("GET", "/console"), ("GET", "/console/{file+}")}


def deployed(template: dict[str, Any]) -> dict[tuple[str, str], tuple[str, dict[str, Any]]]:
    """Route -> folder of the function that serves it, properties of the event. What no route takes is no route."""
    routes = {
        (event["Properties"]["Method"].upper(), event["Properties"]["Path"]): (
            Path(resource["Properties"]["CodeUri"]).name,
            event["Properties"],
        )
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] == "Api" and event["Properties"]["Path"] != "/{proxy+}"
    }
    return {route: served for route, served in routes.items() if route not in {OF_SAGEMAKERS_PROTOCOL, *OF_THE_WEB}}


def resolved(node: Any) -> Any:
    """The node with a `$ref` followed."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def parameters(operation: dict[str, Any]) -> set[str]:
    return {resolved(parameter)["name"] for parameter in operation["parameters"]}


def schema_properties(name: str) -> set[str]:
    schema = DOCUMENT["components"]["schemas"][name]
    parts = [schema, *(resolved(part) for part in schema.get("allOf", []))]
    return {name for part in parts for name in part.get("properties", {})}


def test_the_document_is_valid_openapi() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    validate(DOCUMENT)


def test_handlers_and_document_have_the_same_routes() -> None:
    assert set(handled()) == set(documented())


def test_what_a_405_says_is_what_the_handlers_have() -> None:
    methods: dict[str, set[str]] = {}
    for method, path in handled():
        methods.setdefault(path, set()).add(method)

    assert {path: set(allowed) for path, allowed in routes.METHODS.items()} == methods, "write the route into groundwork/routes.py"


def test_template_and_document_have_the_same_routes(template: dict[str, Any]) -> None:
    assert set(deployed(template)) == set(documented())


def test_every_route_is_deployed_with_the_function_that_handles_it(template: dict[str, Any]) -> None:
    folders = {route: folder for route, (folder, _) in deployed(template).items()}

    assert {route: row.function.__module__.split(".")[1] for route, row in handled().items()} == folders


def test_only_what_anyone_may_ask_needs_no_token(template: dict[str, Any]) -> None:
    open_to_all = {route for route, row in handled().items() if row.rule is access.anyone}

    assert open_to_all == {("GET", "/health")}
    assert {route for route, operation in documented().items() if operation.get("security") == []} == open_to_all
    assert {route for route, (_, event) in deployed(template).items() if event.get("Auth", {}).get("Authorizer") == "NONE"} == open_to_all
    assert all("401" in operation["responses"] for route, operation in documented().items() if route not in open_to_all)


def test_idempotency_keys_are_documented_where_they_are_honoured() -> None:
    honoured = {route for route, row in handled().items() if row.is_idempotent}

    assert {route for route, operation in documented().items() if "Idempotency-Key" in parameters(operation)} == honoured


def test_every_action_on_an_etag_can_be_refused_for_an_older_one() -> None:
    for route, operation in documented().items():
        assert ("If-Match" in parameters(operation)) == ("412" in operation["responses"]), route


def test_every_parameter_of_a_path_is_described() -> None:
    for (method, path), operation in documented().items():
        in_path = {resolved(p)["name"] for p in operation["parameters"] if resolved(p)["in"] == "path"}
        assert in_path == {part.strip("{}") for part in path.split("/") if part.startswith("{")}, f"{method} {path}"


def test_every_list_can_be_read_page_by_page() -> None:
    for route, operation in documented().items():
        content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
        properties = resolved(content.get("schema", {})).get("properties", {})
        if "items" in properties:
            assert "next_token" in properties, route
        if "next_token" in parameters(operation):
            assert {"limit", "next_token"} <= parameters(operation), route
            assert "422" in operation["responses"], route


def test_operations_have_unique_names_of_a_verb_and_a_noun() -> None:
    names = [operation["operationId"] for operation in documented().values()]

    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalpha() and name.islower() and "_" in name for name in names)


def test_whatever_sends_a_body_may_be_told_all_that_is_wrong_with_it() -> None:
    for (method, path), operation in documented().items():
        if method.lower() in WITH_BODY and operation["operationId"] not in BODILESS:
            assert operation["requestBody"]["required"] or operation["operationId"] in BODY_IS_OPTIONAL, path
            assert {"400", "413", "415", "422"} <= set(operation["responses"]), f"{method} {path}"
        else:
            assert "requestBody" not in operation, f"{method} {path}"


def test_every_error_is_a_problem_detail() -> None:
    for route, operation in documented().items():
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(resolved(response)["content"]) == ["application/problem+json"], (route, status)


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        ("LabelingJobDefinition", set(LabelingJobDefinition.model_fields)),
        ("NewLabelingJob", {*LabelingJobDefinition.model_fields, "draft"}),
        ("NamedEntityLabel", set(NamedEntityLabel.model_fields)),
        ("StoppingConditions", set(StoppingConditions.model_fields)),
        ("TaskType", set(task_types.catalogue()[0])),
    ],
)
def test_schemas_have_the_fields_of_the_models(schema: str, names: set[str]) -> None:
    assert schema_properties(schema) == names


def test_a_patch_may_change_every_field_of_a_definition() -> None:
    assert set(DOCUMENT["components"]["schemas"]["LabelingJobPatch"]["propertyNames"]["enum"]) == set(LabelingJobDefinition.model_fields)


@pytest.mark.parametrize(
    ("function", "models"),
    [
        ("serve_projects", {"NewProject": "NewProject", "ProjectPatch": "ProjectPatch", "MemberRole": "MemberRole"}),
        ("serve_projects", {"LocationGrant": "DataLocationGrant", "UploadRequest": "NewUpload"}),
        ("serve_manifests", {"NewManifest": "NewManifest"}),
        ("serve_notifications", {"NotificationWish": "NotificationWish"}),
        ("serve_labeling_teams", {"NewLabelingTeam": "NewLabelingTeam"}),
        ("serve_labeling_jobs", {"CloneName": "CloneName"}),
        ("serve_people", {"NewPerson": "NewPerson"}),
        ("serve_work", {"AnswerBody": "NewAnswer"}),
    ],
)
def test_request_schemas_have_the_fields_that_handlers_take(function: str, models: dict[str, str]) -> None:
    app = importlib.import_module(f"functions.{function}.app")
    for model, schema in models.items():
        fields = getattr(app, model).model_fields
        assert schema_properties(schema) == set(fields)
        required = DOCUMENT["components"]["schemas"][schema].get("required", [])
        assert set(required) == {name for name, field in fields.items() if field.is_required()}


@pytest.mark.parametrize(
    ("schema", "model", "said"),
    [
        ("LabelingJobDefinition", LabelingJobDefinition, {"name": "cats"}),
        ("NamedEntityLabel", NamedEntityLabel, {"label": "cat"}),
        ("StoppingConditions", StoppingConditions, {}),
        ("NewProject", "serve_projects.NewProject", {"name": "pets", "owner": "ann"}),
        ("ProjectPatch", "serve_projects.ProjectPatch", {}),
        ("NotificationWish", "serve_notifications.NotificationWish", {"kind": "webhook"}),
    ],
)
def test_null_is_taken_for_a_field_where_the_document_says_so_and_nowhere_else(
    schema: str, model: type[BaseModel] | str, said: dict[str, Any]
) -> None:
    read: type[BaseModel] = _model_of_a_handler(model) if isinstance(model, str) else model
    optional = set(read.model_fields) - set(said)
    validator = _validator({"$ref": f"#/components/schemas/{schema}"})

    taken = {field for field in optional if _pointers_of_faults(read, {**said, field: None}) == []}
    refused = {field for field in optional if _pointers_of_faults(read, {**said, field: None}) == [f"/{field}"]}

    assert taken == {field for field in optional if validator.is_valid({**said, field: None})}
    assert refused == optional - taken


def _model_of_a_handler(name: str) -> type[BaseModel]:
    function, _, model = name.partition(".")
    found: type[BaseModel] = getattr(importlib.import_module(f"functions.{function}.app"), model)
    return found


def _pointers_of_faults(model: type[BaseModel], body: dict[str, Any]) -> list[str | None]:
    try:
        parse(model, body)
    except InvalidRequestError as error:
        return [found.pointer for found in error.faults]
    return []


def test_the_catalogue_and_the_statuses_are_the_documents() -> None:
    schemas = DOCUMENT["components"]["schemas"]

    assert schemas["TaskTypeKey"]["enum"] == list(task_types.TASK_TYPES)
    assert schemas["Status"]["enum"] == list(Status)
    assert schemas["EventName"]["enum"] == list(get_args(EventName.__value__))
    assert schemas["Delivery"]["properties"]["failure"]["enum"] == [*Failure, "pending", "ended", None]


def _validator(schema: Any) -> OAS31Validator:
    return OAS31Validator({**schema, "components": DOCUMENT["components"]})


def test_a_labeling_job_answers_as_documented() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    definition = LabelingJobDefinition(name="cats", labels=("cat", NamedEntityLabel(label="dog")))
    resource = LabelingJob("pets", "id-1", definition, Status.DRAFT, "BuiltIn", "ann", now, now).resource()

    assert set(resource) == schema_properties("LabelingJob")
    _validator({"$ref": "#/components/schemas/LabelingJob"}).validate(resource)


def test_the_catalogue_answers_as_documented() -> None:
    answer = {"items": task_types.catalogue(), "next_token": None}

    _validator({"$ref": "#/components/schemas/TaskTypeList"}).validate(answer)


def _examples(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every (schema, example) of the document."""
    if isinstance(node, dict):
        if "example" in node:
            yield node.get("schema", node), node["example"]
        for value in (value for key, value in node.items() if key != "example"):
            yield from _examples(value)
    elif isinstance(node, list):
        for value in node:
            yield from _examples(value)


def test_every_example_obeys_its_schema() -> None:
    found = list(_examples(DOCUMENT))

    assert len(found) > 30
    for schema, example in found:
        _validator({name: value for name, value in schema.items() if name != "example"}).validate(example)


VETS = {"name": "vets", "description": "Veterinarians"}
SHARED = {"s3_prefix": "s3://groundwork-data/projects/shared/", "access": "read"}
UPLOAD = {"key": "datasets/1.png", "content_type": "image/png", "size": 7}
MANIFEST = {"name": "cats", "input_prefix_uri": "s3://groundwork-data/projects/pets/datasets/cats/", "task_category": "Image"}
PET = {"project": "pets"}
REPLAY = "/projects/{project}/notifications/{id}/deliveries/{delivery_id}/replay"
# In this order: method, path, what the path names, body, status.
DIALOGUE: list[tuple[str, str, dict[str, str], Any, int]] = [
    ("GET", "/health", {}, None, 200),
    ("POST", "/projects", {}, {"name": "pets", "owner": "root"}, 201),
    ("POST", "/projects", {}, {"name": "pets", "owner": "root"}, 409),
    ("POST", "/projects", {}, {"name": "Pets", "owner": "ghost"}, 422),
    ("GET", "/projects", {}, None, 200),
    ("GET", "/projects/{project}", PET, None, 200),
    ("GET", "/projects/{project}", {"project": "ghost"}, None, 404),
    ("PATCH", "/projects/{project}", PET, {"description": "Cats"}, 200),
    ("PUT", "/projects/{project}/members/{username}", {**PET, "username": "ann"}, {"role": "owner"}, 201),
    ("PUT", "/projects/{project}/members/{username}", {**PET, "username": "ann"}, {"role": "collaborator"}, 200),
    ("GET", "/projects/{project}/members", PET, None, 200),
    ("DELETE", "/projects/{project}/members/{username}", {**PET, "username": "ann"}, None, 204),
    ("PUT", "/projects/{project}/data-locations/{id}", {**PET, "id": "shared"}, SHARED, 201),
    ("PUT", "/projects/{project}/data-locations/{id}", {**PET, "id": "shared"}, SHARED, 200),
    ("GET", "/projects/{project}/data-locations", PET, None, 200),
    ("GET", "/projects/{project}/objects", PET, None, 200),
    ("DELETE", "/projects/{project}/data-locations/{id}", {**PET, "id": "shared"}, None, 204),
    ("POST", "/projects/{project}/uploads", PET, UPLOAD, 201),
    ("POST", "/projects/{project}/manifests", PET, MANIFEST, 202),
    ("POST", "/projects/{project}/manifests", PET, MANIFEST, 409),
    ("POST", "/projects/{project}/manifests", PET, {**MANIFEST, "name": "no name"}, 422),
    ("GET", "/projects/{project}/manifests", PET, None, 200),
    ("GET", "/projects/{project}/manifests/{manifest}", {**PET, "manifest": "cats"}, None, 200),
    ("GET", "/projects/{project}/manifests/{manifest}", {**PET, "manifest": "dogs"}, None, 404),
    ("PUT", "/projects/{project}/notifications/{id}", {**PET, "id": "hook"}, {"kind": "webhook", "url": "https://8.8.8.8/"}, 201),
    ("PUT", "/projects/{project}/notifications/{id}", {**PET, "id": "hook"}, {"kind": "webhook", "url": "https://10.0.0.1/"}, 422),
    ("PUT", "/projects/{project}/notifications/{id}", {**PET, "id": "ops"}, {"kind": "mail", "address": "ops@example.com"}, 201),
    ("PUT", "/projects/{project}/notifications/{id}", {**PET, "id": "ops"}, {"kind": "mail", "address": "dev@example.com"}, 200),
    ("GET", "/projects/{project}/notifications", PET, None, 200),
    ("GET", "/projects/{project}/notifications/{id}", {**PET, "id": "hook"}, None, 200),
    ("POST", "/projects/{project}/notifications/{id}/rotate-secret", {**PET, "id": "hook"}, None, 200),
    ("POST", "/projects/{project}/notifications/{id}/rotate-secret", {**PET, "id": "ops"}, None, 409),
    ("GET", "/projects/{project}/notifications/{id}/deliveries", {**PET, "id": "hook"}, None, 200),
    ("POST", REPLAY, {**PET, "id": "hook", "delivery_id": "1"}, None, 404),
    ("DELETE", "/projects/{project}/notifications/{id}", {**PET, "id": "hook"}, None, 204),
    ("POST", "/people", {}, {"username": "cleo", "email": "cleo@example.com"}, 201),
    ("POST", "/people", {}, {"username": "cleo", "email": "cleo@example.com"}, 409),
    ("POST", "/people", {}, {"username": "cleo!", "email": "cleo"}, 422),
    ("GET", "/people", {}, None, 200),
    ("GET", "/people/{username}", {"username": "cleo"}, None, 200),
    ("GET", "/people/{username}", {"username": "ghost"}, None, 404),
    ("POST", "/people/{username}/invite", {"username": "cleo"}, None, 202),
    ("DELETE", "/people/{username}", {"username": "cleo"}, None, 204),
    ("DELETE", "/people/{username}", {"username": "root"}, None, 409),
    ("POST", "/people/{username}/enable", {"username": "cleo"}, None, 200),
    ("POST", "/labeling-teams", {}, VETS, 201),
    ("GET", "/labeling-teams", {}, None, 200),
    ("PUT", "/labeling-teams/{team}/members/{username}", {"team": "vets", "username": "ann"}, None, 204),
    ("GET", "/labeling-teams/{team}", {"team": "vets"}, None, 200),
    ("GET", "/projects/{project}/labeling-teams", PET, None, 200),
    ("GET", "/me", {}, None, 200),
    ("DELETE", "/labeling-teams/{team}/members/{username}", {"team": "vets", "username": "ann"}, None, 204),
    ("DELETE", "/labeling-teams/{team}", {"team": "vets"}, None, 204),
    ("DELETE", "/projects/{project}", PET, None, 204),
]


@pytest.mark.usefixtures("jobs_table")
def test_functions_answer_as_documented() -> None:
    make_user_pool("root", "ann")
    for method, path, names, body, status in DIALOGUE:
        app = importlib.import_module(handled()[method, path].function.__module__)
        event = api_event(method, path.format(**names), body, username="root", groups="admins", path_parameters=names or None)
        answer = http_answer(app.lambda_handler(event, LambdaContext()))

        assert answer.status == status, (method, path, answer.body)
        response = resolved(documented()[method, path]["responses"][str(status)])
        assert set(response.get("headers", {})) - {"Idempotent-Replayed"} <= set(answer.headers), (method, path)
        if "content" in response:
            _validator(response["content"][answer.headers["Content-Type"]]["schema"]).validate(answer.body)
        else:
            assert answer.body is None


def test_what_lies_in_s3_is_told_as_documented(jobs_table: object, engine_table: object, data_bucket: "S3Client") -> None:
    store = JobStore.from_env()
    a_project(store)
    manifest, definition = "projects/pets/output.manifest", a_definition(existing_label_attribute="first-ref")
    a_stored_job(store, status=Status.COMPLETED, definition=definition, output_manifest_uri=f"s3://{BUCKET}/{manifest}")
    picture, metadata = (
        {"source-ref": f"s3://{BUCKET}/projects/pets/1.png"},
        {"class-name": "cat", "type": "groundtruth/image-classification"},
    )
    lines: list[Any] = [
        {**picture, "cats-1": 0, "cats-1-metadata": {**metadata, "confidence": 0.9, "human-annotated": "yes"}},
        {**picture, "cats-1-metadata": {"failure-reason": "Nobody answered"}, "first-ref": picture["source-ref"]},
        {"source": "a text"},
        [],
    ]
    data_bucket.put_object(Bucket=BUCKET, Key=manifest, Body="\n".join(map(json.dumps, lines)).encode())
    asked: list[tuple[str, dict[str, str]]] = [
        ("/projects/{project}/objects", {"prefix": f"s3://{BUCKET}/projects/pets/"}),
        ("/projects/{project}/objects/url", {"s3_uri": picture["source-ref"]}),
        ("/projects/{project}/labeling-jobs/{name}/results", {}),
        ("/projects/{project}/labeling-jobs/{name}/results", {"limit": "1"}),
    ]

    for path, query in asked:
        names = {"project": "pets", "name": "cats-1"}
        app = importlib.import_module(handled()["GET", path].function.__module__)
        event = api_event("GET", path.format(**names), username="ann", path_parameters=names, query=query)
        answer = http_answer(app.lambda_handler(event, LambdaContext()))

        assert answer.status == 200, answer.body
        assert answer.body.get("items") != []
        _validator(resolved(documented()["GET", path]["responses"]["200"])["content"]["application/json"]["schema"]).validate(answer.body)
