"""A worker's page for the lease in hand, through the API: rendered from the job's own template, with addresses signed for its project."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import boto3
import pytest

from groundwork.engine.jobs import JobStatus
from groundwork.labeling_jobs.tags import PROJECT_TAG
from groundwork.store import JobStore
from tests.api_events import HttpAnswer
from tests.builders import a_project
from tests.unit.engine.builders import BUCKET, Engine, a_request, pictures
from tests.unit.engine.test_engine_functions import call, open_job, take

PICTURE = '<img src="{{ task.input.taskObject | grant_read_access }}">{% for label in task.input.labels %}[{{ label }}]{% endfor %}'


@pytest.fixture(autouse=True)
def project(jobs_table: object) -> None:
    a_project(JobStore.from_env(), "pets", owner="ann")


def page_of(lease_id: str, username: str = "ann") -> HttpAnswer:
    return call("GET", "/work/leases/{lease_id}/page", username=username, lease_id=lease_id)


def test_the_page_shows_the_object_with_an_address_signed_just_now(engine: Engine) -> None:
    open_job(engine, pictures(1))
    engine.put_template(PICTURE)

    page = page_of(take().body["lease_id"])

    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "/projects/pets/datasets/0.jpg?" in page.body
    assert "X-Amz-Signature=" in page.body
    assert page.body.endswith("[bus][car][truck]")
    address = urlsplit(page.body.split('"')[1])
    assert f"connect-src {address.scheme}://{address.netloc};" in page.headers["Content-Security-Policy"]


def test_named_entities_have_a_page_without_a_template(engine: Engine) -> None:
    request = a_request(task_type="NamedEntityRecognition", attribute="ner", UiConfig={"HumanTaskUiArn": "arn:aws:sagemaker:…"})
    instructions = {"shortInstruction": "<p>Mark {{ cities }}</p>", "fullInstruction": "<p>All of them</p>"}
    cities = [{"label": "City", "shortDisplayName": "cty"}]
    engine.open_job([{"source": "Ana flew to Oslo."}], request, at=datetime.now(UTC), labels=cities, instructions=instructions)

    page = page_of(take().body["lease_id"])

    assert page.status == 200
    assert 'text="Ana flew to Oslo."' in page.body
    assert "<p>Mark &#123;&#123; cities &#125;&#125;</p>" in page.body
    assert "<p>All of them</p>" in page.body


def test_an_object_outside_the_projects_data_locations_is_never_signed(engine: Engine) -> None:
    open_job(engine, [{"source-ref": f"s3://{BUCKET}/projects/zoo/datasets/0.jpg"}])
    engine.put_template(PICTURE)

    page = page_of(take().body["lease_id"])

    assert (page.status, page.fault_codes) == (422, ["template.unrenderable"])
    assert "outside the project's data locations" in page.body["errors"][0]["message"]


def test_a_lease_that_is_over_shows_nothing_any_more(engine: Engine) -> None:
    open_job(engine, pictures(1))
    engine.put_template(PICTURE)
    lease = take().body["lease_id"]
    call("POST", "/work/leases/{lease_id}/return", lease_id=lease)

    assert page_of(lease).status == 409


def test_a_stopped_job_shows_nothing_any_more(engine: Engine) -> None:
    name = open_job(engine, pictures(1))
    engine.put_template(PICTURE)
    lease = take().body["lease_id"]
    engine.set_status(name, JobStatus.STOPPING)

    assert page_of(lease).status == 409


def test_a_job_of_no_project_shows_nothing(engine: Engine) -> None:
    name = open_job(engine, pictures(1))
    lease = take().body["lease_id"]
    item = boto3.resource("dynamodb").Table("engine").get_item(Key={"pk": f"JOB#{name.lower()}", "sk": "JOB"})["Item"]
    item["request"] = str(item["request"]).replace(PROJECT_TAG, "somebody:else")
    boto3.resource("dynamodb").Table("engine").put_item(Item=item)

    assert page_of(lease).status == 409
