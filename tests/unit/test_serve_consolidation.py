"""The quality of a labeling job, and consolidating it again, over HTTP."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from functions.serve_consolidation import app
from groundwork.engine.answers import Answer
from groundwork.engine.consolidation import Label, LabelContext, ObjectAnswers
from groundwork.engine.jobs import JobStatus
from groundwork.engine.quality import Tally, report_key, tally_document, tally_key
from groundwork.engine.store import EngineStore, Identity
from groundwork.labeling_jobs.job import Counters, Parts
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.labeling_jobs.parts import Part
from groundwork.store import JobEvent, JobStore
from groundwork.task_types import TASK_TYPES
from tests.api_events import HttpAnswer, LambdaContext, api_event, http_answer, make_user_pool
from tests.builders import BUCKET, a_project, a_stored_job
from tests.unit.engine.builders import NOON, a_job, a_request

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

JOB = "/projects/pets/labeling-jobs/cats-1"


def worker(name: str, sub: str, answers: int) -> dict[str, Any]:
    return {"worker_id": f"private.us-east-1.{name}", "sub": sub, "answers": answers, "agreement_with_label": 0.9, "median_seconds": 3.2}


@pytest.fixture
def wendy() -> str:
    """Of the team `vets`; gives her `sub`. ann owns `pets`, bob collaborates."""
    pool = make_user_pool("ann", "bob", "wendy")
    client = boto3.client("cognito-idp")
    client.create_group(UserPoolId=pool, GroupName="vets")
    client.admin_add_user_to_group(UserPoolId=pool, GroupName="vets", Username="wendy")
    attributes = client.admin_get_user(UserPoolId=pool, Username="wendy")["UserAttributes"]
    return str(next(attribute["Value"] for attribute in attributes if attribute["Name"] == "sub"))


@pytest.fixture(autouse=True)
def world(jobs_table: object, engine_table: object, data_bucket: "S3Client", wendy: str) -> None:
    """A completed job `cats-1` of `pets` with what is known of its quality."""
    store = JobStore.from_env()
    a_project(store, collaborators=("bob",))
    a_stored_job(store, status=Status.COMPLETED)
    assert EngineStore.from_env().create_job(a_job(a_request(name="cats-1")))
    report = {"objects": 3, "agreement": {"observed": 0.9}, "workers": [worker("0a", wendy, 2), worker("0b", "somebody who left", 1)]}
    data_bucket.put_object(Bucket=BUCKET, Key=report_key("cats-1"), Body=json.dumps(report).encode())


def call(method: str, action: str, *, username: str = "ann", groups: str | None = None, **event: Any) -> HttpAnswer:
    parameters = {"project": "pets", "name": "cats-1"}
    request = api_event(method, f"{JOB}/{action}", username=username, groups=groups, path_parameters=parameters, **event)
    return http_answer(app.lambda_handler(request, LambdaContext()))


@pytest.mark.parametrize(("username", "groups"), [("ann", None), ("root", "admins")])
def test_owners_and_administrators_see_who_the_workers_are(username: str, groups: str | None) -> None:
    answer = call("GET", "quality", username=username, groups=groups)

    assert (answer.status, answer.body["objects"], answer.body["agreement"]) == (200, 3, {"observed": 0.9})
    assert {(entry["worker"], entry["username"], entry["answers"]) for entry in answer.body["workers"]} == {
        ("private.us-east-1.0a", "wendy", 2),
        ("private.us-east-1.0b", None, 1),
    }


@pytest.fixture
def split() -> list[Part]:
    """The job as one of two parts, of which the second has its turn later."""
    store = JobStore.from_env()
    job = store.job("cats-1")
    assert job is not None
    half = Counters(total=3, unlabeled=3)
    parts = [Part("cats-1", "pets", job.job_id, number, 3, half, labeling_job_arn=f"arn:{number}") for number in (1, 2)]
    store.split_job(job, job.changed(parts=Parts(total=2, waiting=0, running=2)), parts, JobEvent(NOON, "Split", {}))
    return parts


def a_tally(wendys: int, walts: int, of: int) -> dict[str, Any]:
    """So many objects, about which Wendy and Walt each said `cat` so many times, and otherwise `dog`; the label is Wendy's."""
    tally, context = Tally(), LabelContext(TASK_TYPES["ImageMultiClass"], [{"label": "cat"}, {"label": "dog"}], "labeling-job/cats-1")
    for number in range(of):
        answers = []
        for name, cats in (("a", wendys), ("b", walts)):
            content = {"crowd-image-classifier": {"label": "cat" if number < cats else "dog"}}
            begun = NOON - timedelta(seconds=10)
            answers.append(Answer(number, f"private.us-east-1.0{name}", Identity("https://issuer", name), "lease", begun, NOON, content))
        entry = ObjectAnswers(answers, "")
        tally.add(context, entry, Label(0 if number < wendys else 1, {}))
    return tally_document(context, tally)


def test_the_quality_of_a_split_job_is_that_of_all_its_objects_together(split: list[Part], data_bucket: "S3Client") -> None:
    nothing = call("GET", "quality")
    documents = [a_tally(3, 2, of=4), a_tally(1, 1, of=2)]
    for part, document in zip(split, documents, strict=True):
        data_bucket.put_object(Bucket=BUCKET, Key=tally_key(part.name), Body=json.dumps(document).encode())

    answer = call("GET", "quality")

    assert nothing.status == 409
    assert answer.status == 200
    assert (answer.body["objects"], answer.body["compared_objects"], answer.body["answers"]) == (6, 6, 12)
    assert answer.body["agreement"]["observed"] == 0.8333
    assert [(label["label"], label["objects"]) for label in answer.body["labels"]] == [("cat", 4), ("dog", 2)]
    assert sorted((worker["answers"], worker["agreement_with_label"]) for worker in answer.body["workers"]) == [(6, 0.8333), (6, 1.0)]


def test_the_quality_of_a_split_job_counts_the_parts_that_have_any(split: list[Part], data_bucket: "S3Client") -> None:
    data_bucket.put_object(Bucket=BUCKET, Key=tally_key(split[0].name), Body=json.dumps(a_tally(3, 2, of=4)).encode())

    assert call("GET", "quality").body["objects"] == 4


@pytest.mark.usefixtures("split")
def test_a_split_job_is_consolidated_again_part_by_part() -> None:
    client = boto3.client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/machine"
    machine = client.create_state_machine(name="consolidate-split", definition="{}", roleArn=role)["stateMachineArn"]
    assert machine == app.SPLIT_CONSOLIDATION_MACHINE_ARN

    answer = call("POST", "consolidate")

    (execution,) = client.list_executions(stateMachineArn=machine)["executions"]
    asked = json.loads(client.describe_execution(executionArn=execution["executionArn"])["input"])
    assert (answer.status, answer.body["status"]) == (202, "Completed")
    assert (asked["name"], asked["parts"]) == ("cats-1", ["cats-1-part-0001", "cats-1-part-0002"])


@pytest.mark.usefixtures("split")
def test_a_split_job_that_ground_truth_labeled_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "SPLIT_CONSOLIDATION_MACHINE_ARN", "")

    assert call("POST", "consolidate").status == 409


def test_for_others_workers_are_numbers(wendy: str) -> None:
    answer = call("GET", "quality", username="bob")

    assert [entry["worker"] for entry in answer.body["workers"]] == ["worker-1", "worker-2"]
    assert {entry["username"] for entry in answer.body["workers"]} == {None}
    assert "private." not in json.dumps(answer.body)
    assert wendy not in json.dumps(answer.body)
    assert call("GET", "quality", username="bob").body == answer.body


def test_there_is_no_quality_before_something_was_consolidated(data_bucket: "S3Client") -> None:
    data_bucket.delete_object(Bucket=BUCKET, Key=report_key("cats-1"))

    assert call("GET", "quality").status == 409


def test_a_job_at_rest_is_to_be_consolidated_again_and_keeps_its_status() -> None:
    engine = EngineStore.from_env()
    engine.come_to_rest("cats-1", JobStatus.COMPLETED, NOON)

    answers = [call("POST", "consolidate", headers={"Idempotency-Key": "one"}) for _ in range(2)]

    assert [(answer.status, answer.body["status"]) for answer in answers] == [(202, "Completed")] * 2
    job = engine.job("cats-1")
    assert job is not None
    assert job.asked_again_at is not None
    assert job.status is JobStatus.COMPLETED


def test_a_job_that_the_service_has_not_brought_to_rest_is_not() -> None:
    assert call("POST", "consolidate").status == 409
