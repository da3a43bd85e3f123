"""What is announced when a labeling job changes."""

import json
from typing import Any

import boto3
import pytest

from groundwork import events
from groundwork.events import DomainEvent, UnannouncedError, facts
from groundwork.labeling_jobs.job import Counters, Validation
from groundwork.labeling_jobs.lifecycle import Status
from tests.builders import NOW, a_job, what_the_bus_hears

DETAIL = {
    "id",
    "project",
    "name",
    "job_id",
    "submission",
    "task_type",
    "input_prefix_uri",
    "from",
    "to",
    "at",
    "counters",
    "failure_reason",
}


def names(*arguments: Any) -> list[str]:
    return [event.name for event in facts(*arguments)]


def test_a_new_draft_is_drafted() -> None:
    (event,) = facts(None, a_job())

    assert event.name == "Labeling Job Drafted"
    assert event.detail == {
        "id": "id-of-cats-1-1-drafted",
        "project": "pets",
        "name": "cats-1",
        "job_id": "id-of-cats-1",
        "submission": 0,
        "task_type": "ImageMultiClass",
        "input_prefix_uri": None,
        "from": None,
        "to": "Draft",
        "at": "2026-11-23T12:00:00.000Z",
        "counters": {"total": 0, "human_labeled": 0, "machine_labeled": 0, "failed": 0, "unlabeled": 0},
        "failure_reason": None,
    }


def test_a_job_that_is_created_and_submitted_at_once_changes_from_nothing_to_validating() -> None:
    (event,) = facts(None, a_job(status=Status.VALIDATING))

    assert (event.name, event.detail["from"], event.detail["to"]) == ("Labeling Job Status Changed", None, "Validating")


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
def test_every_change_of_status_is_announced_once_with_all_there_is_to_know(before: Status, after: Status) -> None:
    job = a_job(status=after, counters=Counters(total=2, human_labeled=2), failure_reason="because")
    changes = [event for event in facts(a_job(status=before), job) if event.name == "Labeling Job Status Changed"]

    if before is after:
        assert changes == []
    else:
        (event,) = changes
        assert set(event.detail) == DETAIL
        assert (event.detail["from"], event.detail["to"], event.detail["failure_reason"]) == (before, after, "because")
        json.dumps(event.detail)


def test_a_job_sent_back_with_faults_is_a_fact_of_its_own() -> None:
    found = Validation(state="failed", objects=9, errors=3, warnings=1, faults=({"code": "manifest.empty"},))

    sent_back = facts(a_job(status=Status.VALIDATING), a_job(validation=found))

    assert [event.name for event in sent_back] == ["Labeling Job Status Changed", "Labeling Job Validation Failed"]
    assert sent_back[1].detail["validation"] == {"objects": 9, "errors": 3, "warnings": 1}


def test_an_interrupted_launch_is_no_fault_of_the_data() -> None:
    assert names(a_job(status=Status.VALIDATING), a_job(validation=Validation())) == ["Labeling Job Status Changed"]


def test_what_is_no_change_of_status_is_not_announced() -> None:
    assert facts(a_job(), a_job(version=2, failure_reason="edited")) == []
    assert facts(a_job(), None) == []
    assert facts(None, None) == []


@pytest.mark.parametrize(
    ("before", "after", "told"), [(0, 25, [25]), (25, 90, [50, 75, 90]), (0, 90, [25, 50, 75, 90]), (50, 50, []), (75, 0, [])]
)
def test_every_threshold_that_a_job_passes_is_a_fact(before: int, after: int, told: list[int]) -> None:
    job, moved = a_job(status=Status.IN_PROGRESS, progress=before), a_job(status=Status.IN_PROGRESS, progress=after, version=7)

    found = facts(job, moved)

    assert {event.name for event in found} <= {"Labeling Job Progressed"}
    assert [event.detail["percent"] for event in found] == told
    assert [event.detail["id"] for event in found] == [f"id-of-cats-1-7-progressed-{percent}" for percent in told]


def test_a_stall_is_told_when_it_begins_and_not_while_it_lasts() -> None:
    running = a_job(status=Status.IN_PROGRESS)
    stalled = a_job(status=Status.IN_PROGRESS, stalled_since=NOW, version=2)

    (event,) = facts(running, stalled)

    assert (event.name, event.detail["stalled_since"]) == ("Labeling Job Stalled", "2026-11-23T12:00:00.000Z")
    assert names(stalled, stalled) == names(stalled, running) == []


def test_the_facts_of_one_change_can_be_told_apart_and_told_again_they_are_the_same() -> None:
    running = a_job(status=Status.INITIALIZING)
    moved = a_job(status=Status.IN_PROGRESS, progress=90, stalled_since=NOW, version=2)

    ids = [event.detail["id"] for event in facts(running, moved)]

    assert len(set(ids)) == 6
    assert ids == [event.detail["id"] for event in facts(running, moved)]


# --- the bus ---------------------------------------------------------------------------------------------------------


def test_events_reach_the_bus_however_many_there_are() -> None:
    bus = boto3.client("events")
    bus.create_event_bus(Name="groundwork")
    heard = what_the_bus_hears(bus)

    events.announce(bus, "groundwork", [DomainEvent("Labeling Job Drafted", {"number": number}) for number in range(23)])

    assert [json.loads(entry["Detail"])["number"] for entry in heard] == list(range(23))
    assert {(entry["EventBusName"], entry["Source"], entry["DetailType"]) for entry in heard} == {
        ("groundwork", "groundwork", "Labeling Job Drafted")
    }


def test_nothing_to_announce_asks_nothing_of_the_bus() -> None:
    events.announce(None, "groundwork", [])  # type: ignore[arg-type]


def test_a_refused_event_is_an_error() -> None:
    class Refusing:
        def put_events(self, **_: Any) -> dict[str, Any]:
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}

    with pytest.raises(UnannouncedError):
        events.announce(Refusing(), "groundwork", facts(None, a_job()))  # type: ignore[arg-type]


def test_timestamps_are_utc_with_z() -> None:
    (event,) = facts(None, a_job(updated_at=NOW))

    assert event.detail["at"].endswith("Z")
