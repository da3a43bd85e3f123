"""Changes of the jobs table as facts on the bus, through the function's front door."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from functions.announce_changes import app
from tests.api_events import LambdaContext
from tests.builders import event_sample, what_the_bus_hears


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    client = boto3.client("events")
    client.create_event_bus(Name="groundwork")
    monkeypatch.setattr(app, "bus_client", client)
    return what_the_bus_hears(client)  # type: ignore[return-value]


def announce(event: dict[str, Any]) -> Any:
    return app.lambda_handler(event, LambdaContext())


def facts_in(heard: list[dict[str, Any]]) -> list[tuple[str, str | None, str]]:
    return [(entry["DetailType"], *(json.loads(entry["Detail"])[side] for side in ("from", "to"))) for entry in heard]


def test_every_change_of_a_jobs_status_is_announced_in_order_and_so_is_what_is_asked_for(heard: list[dict[str, Any]]) -> None:
    assert announce(event_sample("jobs_table_changed")) == {"batchItemFailures": []}

    of_jobs = [entry for entry in heard if entry["DetailType"].startswith("Labeling Job ")]
    assert [entry["DetailType"] for entry in heard if entry not in of_jobs] == ["Manifest Requested", "Export Requested"]
    assert facts_in(of_jobs) == [
        ("Labeling Job Drafted", None, "Draft"),
        ("Labeling Job Status Changed", "Draft", "Validating"),
        ("Labeling Job Status Changed", "Validating", "Draft"),
        ("Labeling Job Validation Failed", "Validating", "Draft"),
    ]
    assert {(entry["EventBusName"], entry["Source"]) for entry in heard} == {("groundwork", "groundwork")}


def test_a_record_delivered_again_is_announced_again_the_same(heard: list[dict[str, Any]]) -> None:
    sample = event_sample("jobs_table_changed")

    announce(sample)
    first = list(heard)
    heard.clear()
    announce(sample)

    assert heard == first


def test_deletions_are_not_announced(heard: list[dict[str, Any]]) -> None:
    sample = event_sample("jobs_table_changed")

    announce({"Records": sample["Records"][3:5]})

    assert heard == []


def test_a_job_deleted_for_good_leaves_no_trace_for_its_successor(heard: list[dict[str, Any]]) -> None:
    first, _, _, _, removed, *_ = event_sample("jobs_table_changed")["Records"]

    announce({"Records": [first, removed, first]})

    assert facts_in(heard) == [("Labeling Job Drafted", None, "Draft")] * 2


def test_a_bad_record_is_handed_back_and_hides_no_neighbour_before_it(heard: list[dict[str, Any]]) -> None:
    good, bad, after = event_sample("jobs_table_changed")["Records"][:3]
    del bad["dynamodb"]["NewImage"]["definition"]

    answer = announce({"Records": [good, bad, after]})

    assert {"itemIdentifier": bad["dynamodb"]["SequenceNumber"]} in answer["batchItemFailures"]
    assert facts_in(heard)[0] == ("Labeling Job Drafted", None, "Draft")


def test_an_event_that_the_bus_refuses_is_handed_back(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def put_events(self, **_: Any) -> dict[str, Any]:
            return {"FailedEntryCount": 1, "Entries": []}

    monkeypatch.setattr(app, "bus_client", Refusing())
    changed = event_sample("jobs_table_changed")["Records"][0]
    deleted = event_sample("jobs_table_changed")["Records"][4]

    answer = announce({"Records": [changed, deleted]})

    assert answer == {"batchItemFailures": [{"itemIdentifier": changed["dynamodb"]["SequenceNumber"]}]}
