"""Every function starts with what the template gives it, imports what its layers hold, and takes the samples of its triggers."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from groundwork.labeling_jobs.job import Counters, Parts
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.labeling_jobs.parts import Part
from groundwork.store import JobEvent, JobStore
from tests.api_events import LambdaContext, http_answer
from tests.builders import NOW, ROOT, LabelingServiceInMemory, a_definition, a_project, a_stored_job, event_sample
from tests.contract.test_event_samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDERS = sorted(path.parent.name for path in ROOT.glob("functions/*/app.py"))
#: What Lambda itself sets, as far as our code and its libraries ask.
GIVEN_BY_LAMBDA = {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
THIRD_PARTY = {"aws_lambda_powertools", "boto3", "botocore", "liquid", "msgspec", "nh3", "pydantic", "pydantic_core"}
#: What the layer for annotations holds, and where it may be used: modules that are imported when there is something to consolidate.
FOR_ANNOTATIONS = {"PIL", "lap", "numpy"}
#: What the layer for exports holds, and where it may be used: modules that are imported when there is something to export.
FOR_EXPORTS = {"PIL", "duckdb", "numpy", "pycocotools"}
EXPORTS = ROOT / "layers/groundwork/groundwork/exports"
CONSOLIDATION = ROOT / "layers/groundwork/groundwork/engine/consolidation"


def properties_of(template: dict[str, Any], folder: str) -> dict[str, Any]:
    (found,) = [
        resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function" and resource["Properties"]["CodeUri"] == f"functions/{folder}"
    ]
    return dict(found)


def environment(template: dict[str, Any], folder: str) -> set[str]:
    own = properties_of(template, folder).get("Environment", {}).get("Variables", {})
    return {*template["Globals"]["Function"]["Environment"]["Variables"], *own}


def load(folder: str) -> ModuleType:
    """The function's module, run anew, as a cold start does."""
    spec = importlib.util.spec_from_file_location(f"cold_start_of_{folder}", ROOT / "functions" / folder / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_time_imports(path: Path) -> set[str]:
    """Top-level packages that the module imports when it runs (not for type checks only)."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relative to itself"
            found.add(str(node.module).partition(".")[0])
    return found - set(sys.stdlib_module_names)


# --- cold starts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("labeling_service", ["BuiltIn", "SageMaker"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_function_starts_with_the_variables_that_the_template_sets(
    template: dict[str, Any], monkeypatch: pytest.MonkeyPatch, folder: str, labeling_service: str
) -> None:
    given = environment(template, folder) | GIVEN_BY_LAMBDA
    for name in [name for name in os.environ if name.isupper() and name not in given and name in TEST_SETTINGS]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LABELING_SERVICE", labeling_service)

    assert callable(load(folder).lambda_handler)


# What conftest sets in place of the template: everything that our own code reads.
TEST_SETTINGS = {
    name
    for path in (*ROOT.glob("functions/*/app.py"), *ROOT.glob("layers/groundwork/**/*.py"))
    for name in re.findall(r"os\.environ(?:\[|\.get\()\"(\w+)\"", path.read_text())
}


def test_every_variable_that_the_template_sets_is_read(template: dict[str, Any]) -> None:
    settings = template["Globals"]["Function"]["Environment"]["Variables"]
    read_by_libraries = {name for name in settings if name.startswith(("POWERTOOLS_", "AWS_", "PYDANTIC_"))}

    set_somewhere = {name for folder in FOLDERS for name in environment(template, folder)}

    assert set_somewhere - read_by_libraries == TEST_SETTINGS - GIVEN_BY_LAMBDA


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_imports_only_the_package_and_what_the_layer_holds(folder: str) -> None:
    assert run_time_imports(ROOT / "functions" / folder / "app.py") <= {"groundwork", *THIRD_PARTY}


def test_the_package_imports_only_itself_and_what_the_layer_holds() -> None:
    for path in ROOT.glob("layers/groundwork/**/*.py"):
        more = {CONSOLIDATION: FOR_ANNOTATIONS, EXPORTS: FOR_EXPORTS}.get(path.parent, set())
        assert run_time_imports(path) <= {"groundwork", *THIRD_PARTY, *more}, path


def test_no_cold_start_waits_for_the_packages_that_consolidate() -> None:
    names = [
        ".".join(path.relative_to(ROOT / "layers/groundwork").with_suffix("").parts)
        for path in ROOT.glob("layers/groundwork/groundwork/**/*.py")
        if path.parent != CONSOLIDATION
    ]
    program = f"import importlib, sys; [importlib.import_module(name) for name in {names}]; print({FOR_ANNOTATIONS} & set(sys.modules))"

    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "layers/groundwork")},
    )

    assert ended.stdout.strip() == "set()"


def test_the_domain_knows_nothing_of_functions() -> None:
    for path in ROOT.glob("layers/groundwork/**/*.py"):
        if path.name != "http_api.py":
            assert "aws_lambda_powertools" not in run_time_imports(path), path


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_function_says_trigger_effect_and_repeats(folder: str) -> None:
    text = ast.get_docstring(ast.parse((ROOT / "functions" / folder / "app.py").read_text()))

    assert text is not None
    assert all(word in text for word in ("Trigger", "Effect", "Repeats"))


# --- samples ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def service() -> LabelingServiceInMemory:
    return LabelingServiceInMemory()


@pytest.fixture
def store(jobs_table: object, engine_table: object) -> JobStore:
    store = JobStore.from_env()
    a_project(store)
    return store


def handler(monkeypatch: pytest.MonkeyPatch, folder: str, **replaced: Any) -> "Callable[[dict[str, Any]], Any]":
    app = load(folder)
    for name, value in replaced.items():
        monkeypatch.setattr(app, name, value)
    return lambda event: app.lambda_handler(event, LambdaContext())


@pytest.mark.parametrize("sample", SAMPLES["RecordServiceStatusFunction", "ServiceStatusChanged"])
def test_a_state_change_of_the_service_is_recorded(
    monkeypatch: pytest.MonkeyPatch, store: JobStore, service: LabelingServiceInMemory, sample: str
) -> None:
    event = event_sample(sample)
    service.has(a_stored_job(store, name="Cats-1", status=Status.INITIALIZING), **event["detail"])
    record = handler(monkeypatch, "record_service_status", service=service)

    for _ in range(2):
        record(event)

    job = store.job("cats-1")
    assert job is not None
    assert (job.status, job.version) == (event["detail"]["LabelingJobStatus"], 2)


def test_a_state_change_of_somebody_elses_job_is_no_error(
    monkeypatch: pytest.MonkeyPatch, store: JobStore, service: LabelingServiceInMemory
) -> None:
    handler(monkeypatch, "record_service_status", service=service)(event_sample("sagemaker_state_change"))

    assert store.job("cats-1") is None


def test_an_aborted_launch_is_settled(monkeypatch: pytest.MonkeyPatch, store: JobStore, service: LabelingServiceInMemory) -> None:
    event = event_sample("launch_execution_status_change")
    a_stored_job(store, status=Status.VALIDATING, submission=1, launch_execution=event["detail"]["executionArn"])
    settle = handler(monkeypatch, "settle_launch", service=service)

    assert [settle(event)["outcome"] for _ in range(2)] == ["settled", "nothing-to-settle"]

    job = store.job("cats-1")
    assert job is not None
    assert job.status is Status.DRAFT
    assert "ABORTED" in str(job.failure_reason)


def test_the_launch_machine_settles_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch, store: JobStore, service: LabelingServiceInMemory
) -> None:
    a_stored_job(store, status=Status.VALIDATING, submission=1, launch_execution="arn:one")
    event = {"step": {"name": "cats-1", "submission": 1, "execution": "arn:one"}, "cause": "the network went away"}

    assert handler(monkeypatch, "settle_launch", service=service)(event) == {"outcome": "settled"}

    job = store.job("cats-1")
    assert job is not None
    assert "the network went away" in str(job.failure_reason)


def test_a_requested_stop_reaches_the_service_once(
    monkeypatch: pytest.MonkeyPatch, store: JobStore, service: LabelingServiceInMemory
) -> None:
    event = event_sample("labeling_job_stop_requested")
    service.has(a_stored_job(store, status=Status.STOPPING, job_id=event["detail"]["job_id"]), LabelingJobStatus="InProgress")
    stop = handler(monkeypatch, "stop_labeling_job", service=service)

    for _ in range(2):
        stop(event)

    assert service.stopped == ["cats-1"]


def test_a_changed_part_has_its_job_driven(monkeypatch: pytest.MonkeyPatch, store: JobStore, service: LabelingServiceInMemory) -> None:
    event = event_sample("split_job_changed")
    image = event["Records"][0]["dynamodb"]["NewImage"]
    definition = a_definition(name="big", task_type="TextMultiClass", task_category="Text", split=True)
    job = a_stored_job(store, name="big", definition=definition, job_id=image["job_id"]["S"], status=Status.LAUNCHING)
    part = Part("big", "pets", job.job_id, 1, 100_000, Counters(total=100_000, unlabeled=100_000))
    store.split_job(job, job.changed(parts=Parts(total=1, waiting=1)), [part], JobEvent(NOW, "Split", {}))
    stored: Any = boto3.client("dynamodb").get_item(TableName="jobs", Key={name: image[name] for name in ("pk", "sk")})
    app = load("drive_split_jobs")
    monkeypatch.setattr(app, "split_jobs", replace(app.split_jobs, service=service))

    for _ in range(2):
        app.lambda_handler(event, LambdaContext())
    app.lambda_handler(event_sample("schedule"), LambdaContext())

    assert stored["Item"] == image
    assert list(service.jobs) == ["big-part-0001"]


@pytest.mark.parametrize("sample", SAMPLES["NotifyAdministratorsFunction", "SomethingHappened"])
def test_administrators_hear_of_each_of_our_events(monkeypatch: pytest.MonkeyPatch, sample: str) -> None:
    topic = boto3.client("sns").create_topic(Name="admins")["TopicArn"]
    sns = boto3.client("sns")
    told: list[dict[str, Any]] = []
    sns.meta.events.register("provide-client-params.sns.Publish", lambda params, **_: told.append(params))

    handler(monkeypatch, "notify_administrators", sns=sns)(event_sample(sample))

    (message,) = told
    assert message["TopicArn"] == topic
    assert "cats-1" in message["Subject"]


def test_the_schedule_repairs_what_was_lost(monkeypatch: pytest.MonkeyPatch, store: JobStore, service: LabelingServiceInMemory) -> None:
    service.has(a_stored_job(store, status=Status.IN_PROGRESS), LabelingJobStatus="Completed")
    a_stored_job(
        store,
        name="cats-2",
        status=Status.LAUNCHING,
        submission=1,
        launch_execution="arn:aws:states:us-east-1:123456789012:execution:launch:00000000-0000-4000-8000-000000000000",
    )

    handler(monkeypatch, "reconcile_labeling_jobs", service=service)(event_sample("schedule"))

    assert [job.status for name in ("cats-1", "cats-2") if (job := store.job(name))] == [Status.COMPLETED, Status.DRAFT]


def test_a_request_of_the_api_is_answered(monkeypatch: pytest.MonkeyPatch, store: JobStore) -> None:
    a_stored_job(store)

    answer = http_answer(handler(monkeypatch, "serve_labeling_jobs")(event_sample("api_request")))

    assert (answer.status, answer.body["name"]) == (200, "cats-1")


def test_every_step_of_a_launch_that_is_nobodys_is_superseded(
    monkeypatch: pytest.MonkeyPatch, store: JobStore, data_bucket: object, service: LabelingServiceInMemory
) -> None:
    event = {"step": {"name": "no-such-job", "submission": 1, "execution": "arn:one"}, "to": "Launching"}
    replaced: dict[str, dict[str, Any]] = {"create_labeling_job": {"service": service}}

    for folder in (
        "take_manifest",
        "compose_worker_task_template",
        "presign_worker_view",
        "advance_launch",
        "create_labeling_job",
        "divide_labeling_job",
    ):
        assert handler(monkeypatch, folder, **replaced.get(folder, {}))(event) == {"outcome": "superseded"}


def test_the_steps_of_a_launch_take_what_the_machine_gives_them(
    monkeypatch: pytest.MonkeyPatch, store: JobStore, service: LabelingServiceInMemory
) -> None:
    a_stored_job(store, status=Status.VALIDATING, submission=1, launch_execution="arn:one")
    step = {"name": "cats-1", "submission": 1, "execution": "arn:one"}
    advance = handler(monkeypatch, "advance_launch")

    passed = {"state": "passed", "objects": 2, "errors": 0, "warnings": 0, "faults": []}
    assert advance({"step": step, "to": "Launching", "validation": passed}) == {"outcome": "recorded"}
    created = handler(monkeypatch, "create_labeling_job", service=service)({"step": step})
    assert created["outcome"] == "created"
    assert advance({"step": step, "to": "Initializing", "labeling_job_arn": created["labeling_job_arn"]}) == {"outcome": "recorded"}

    job = store.job("cats-1")
    assert job is not None
    assert (job.status, job.labeling_job_arn) == (Status.INITIALIZING, created["labeling_job_arn"])
