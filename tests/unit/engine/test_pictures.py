"""Boxes and masks must fit the picture as it is, not as an answer says it is."""

import io
import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from PIL import Image

from groundwork.data_locations import DataLocation, DataLocations, LocationAccess, S3Uri
from groundwork.engine.pictures import Pictures
from groundwork.engine.work import Work
from groundwork.errors import InvalidRequestError
from groundwork.presigning import ProjectView, WorkerView
from tests.unit.engine.builders import BUCKET, NOON, Engine, a_request, pictures


class ViewInMemory(WorkerView):
    """Lends a right without STS; `lent` counts how often, `read` lists what was read with it."""

    def __init__(self) -> None:
        self.lent = 0
        self.read: list[str] = []

    def of(self, project: str, locations: DataLocations) -> ProjectView:
        self.lent += 1
        client = boto3.client("s3")
        client.meta.events.register("provide-client-params.s3.GetObject", lambda params, **_: self.read.append(params["Key"]))
        return ProjectView(client, None, locations)  # type: ignore[arg-type]


@pytest.fixture
def view() -> ViewInMemory:
    return ViewInMemory()


@pytest.fixture
def sized(engine: Engine, view: ViewInMemory) -> Engine:
    """The engine, which looks at pictures."""

    def locations(project: str) -> DataLocations:
        return DataLocations((DataLocation("default", S3Uri(BUCKET, f"projects/{project}/"), LocationAccess.READ_WRITE),))

    return replace(engine, work=Work(engine.store, engine.s3, Pictures(view, locations), region="us-east-1"))


def put_picture(engine: Engine, number: int, width: int, height: int, kind: str = "JPEG") -> None:
    file = io.BytesIO()
    Image.new("RGB", (width, height)).save(file, kind)
    engine.s3.put_object(Bucket=BUCKET, Key=f"projects/pets/datasets/{number}.jpg", Body=file.getvalue())


def boxes(width: int, height: int, *drawn: dict[str, Any]) -> dict[str, Any]:
    return {"boundingBox": {"boundingBoxes": list(drawn), "inputImageProperties": {"width": width, "height": height}}}


def pointers(error: pytest.ExceptionInfo[InvalidRequestError]) -> list[str | None]:
    return [fault.pointer for fault in error.value.faults]


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_box_that_fits_only_the_picture_that_the_answer_claims_is_refused(sized: Engine, kind: str) -> None:
    put_picture(sized, 0, 40, 30, kind)
    name = sized.open_job(pictures(1), a_request(task_type="BoundingBox", workers=2))
    ann = sized.worker("ann")
    lease = sized.work.take_lease(ann, name, NOON)
    assert lease is not None
    box = {"label": "car", "left": 30, "top": 0, "width": 11, "height": 30}

    with pytest.raises(InvalidRequestError) as lied:
        sized.work.answer(ann, lease.hold.lease_id, boxes(80, 60, box), NOON)
    with pytest.raises(InvalidRequestError) as outside:
        sized.work.answer(ann, lease.hold.lease_id, boxes(40, 30, box), NOON)
    sized.work.answer(ann, lease.hold.lease_id, boxes(40, 30, box | {"width": 10}), NOON)

    assert pointers(lied) == ["/answer/boundingBox/inputImageProperties"]
    assert pointers(outside) == ["/answer/boundingBox/boundingBoxes/0/width"]


def test_a_picture_is_read_once_for_all_its_workers_and_its_right_lent_once(sized: Engine, view: ViewInMemory) -> None:
    for number in range(2):
        put_picture(sized, number, 40, 30)
    name = sized.open_job(pictures(2), a_request(task_type="BoundingBox", workers=3))

    for username in ("ann", "ben", "cem"):
        for _ in range(2):
            sized.label(sized.worker(username), name, boxes(40, 30))

    assert sorted(view.read) == ["projects/pets/datasets/0.jpg", "projects/pets/datasets/1.jpg"]
    assert view.lent == 1
    assert [task.picture for task in sized.store.tasks(name, 0)] == [(40, 30)] * 2


def test_of_a_picture_that_is_gone_the_answers_own_word_counts(sized: Engine) -> None:
    name = sized.open_job(pictures(1), a_request(task_type="BoundingBox"))

    assert sized.label(sized.worker("ann"), name, boxes(40, 30)) == 0


def test_a_failing_storage_accepts_nothing_unseen(sized: Engine, view: ViewInMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    name = sized.open_job(pictures(1), a_request(task_type="BoundingBox"))
    ann = sized.worker("ann")
    lease = sized.work.take_lease(ann, name, NOON)
    assert lease is not None

    def slow_down(*_: object, **__: object) -> bytes:
        raise ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")

    monkeypatch.setattr(ProjectView, "get", slow_down)
    with pytest.raises(ClientError):
        sized.work.answer(ann, lease.hold.lease_id, boxes(40, 30), NOON)


def test_pictures_that_nobody_draws_in_are_not_read(sized: Engine, view: ViewInMemory) -> None:
    name = sized.open_job(pictures(1))

    sized.label(sized.worker("ann"), name, json.loads('{"crowd-image-classifier": {"label": "car"}}'))

    assert view.read == []
