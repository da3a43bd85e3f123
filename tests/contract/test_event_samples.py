"""The samples in `events/`: one for every trigger, each what its rule lets through."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from groundwork import events
from groundwork.deliveries import Notice
from groundwork.labeling_jobs.job import Validation
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.store import export_of_image, job_of_image, manifest_of_image
from tests.builders import NOW, ROOT, a_job, event_sample

ALL_OF_OURS = [
    "labeling_job_completed",
    "labeling_job_drafted",
    "labeling_job_progressed",
    "labeling_job_stalled",
    "labeling_job_stop_requested",
    "labeling_job_submitted",
    "labeling_job_validation_failed",
]
#: (function or state machine, its event in the template) -> the samples that it is for.
SAMPLES: dict[tuple[str, str], list[str]] = {
    ("LaunchMachine", "JobSubmitted"): ["labeling_job_submitted"],
    ("BuildManifestMachine", "ManifestRequested"): ["manifest_requested"],
    ("ExportLabelsMachine", "ExportRequested"): ["export_requested"],
    ("SettleManifestBuildFunction", "BuildInterrupted"): ["manifest_build_status_change"],
    ("DraftMachine", "ManifestUploaded"): ["manifest_uploaded"],
    ("RecordDraftReportFunction", "DraftInterrupted"): ["draft_execution_status_change"],
    ("SettleLaunchFunction", "LaunchInterrupted"): ["launch_execution_status_change"],
    ("RecordServiceStatusFunction", "ServiceStatusChanged"): ["sagemaker_state_change", "engine_state_change"],
    ("StopLabelingJobFunction", "StopRequested"): ["labeling_job_stop_requested"],
    ("NotifyAdministratorsFunction", "SomethingHappened"): ALL_OF_OURS,
    ("FanOutNotificationsFunction", "SomethingHappened"): ALL_OF_OURS,
    ("DeliverNotificationFunction", "NoticeQueued"): ["notification_queued"],
    ("AnnounceChangesFunction", "JobChanged"): ["jobs_table_changed"],
    ("DriveSplitJobsFunction", "SplitJobChanged"): ["split_job_changed"],
    ("DriveSplitJobsFunction", "EveryFiveMinutes"): ["schedule"],
    ("DriveRunsFunction", "EngineChanged"): ["engine_table_changed"],
    ("DriveRunsFunction", "EveryMinute"): ["schedule"],
    ("KeepJobRecordsFunction", "JobChanged"): ["engine_job_changed"],
    ("ReconcileLabelingJobsFunction", "EveryFiveMinutes"): ["schedule"],
}
OUR_EVENTS = {name for names in SAMPLES.values() for name in names if name.startswith("labeling_job_")}
MACHINES = {
    "LaunchMachine": event_sample("launch_execution_status_change")["detail"]["stateMachineArn"],
    "DraftMachine": event_sample("draft_execution_status_change")["detail"]["stateMachineArn"],
    "BuildManifestMachine": event_sample("manifest_build_status_change")["detail"]["stateMachineArn"],
}


def triggers(template: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Every event source of the template that is not a route of the API."""
    return {
        (owner, name): source
        for owner, resource in template["Resources"].items()
        for name, source in resource.get("Properties", {}).get("Events", {}).items()
        if resource["Type"].startswith("AWS::Serverless::") and source["Type"] != "Api"
    }


def matches(pattern: Any, event: Any) -> bool:
    """EventBridge's matching, as far as our patterns go: exact values and prefixes, one of a list; every field of the pattern."""
    if isinstance(pattern, dict):
        return isinstance(event, dict) and all(name in event and matches(wanted, event[name]) for name, wanted in pattern.items())
    assert isinstance(pattern, list), f"a pattern ends in a list, not in {pattern!r}"
    return any(_is(wanted, event) for wanted in pattern)


def _is(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, dict):
        if wanted == {"Ref": "DataBucket"}:
            return bool(value == "groundwork-data")
        if list(wanted) == ["wildcard"]:
            return isinstance(value, str) and fnmatchcase(value, wanted["wildcard"])
        if wanted.get("Ref") in MACHINES:
            return bool(value == MACHINES[wanted["Ref"]])
        if wanted == {"exists": True}:
            return True  # `matches` comes here only for a field that there is
        assert list(wanted) == ["prefix"], f"teach the matcher {wanted!r}"
        return isinstance(value, str) and value.startswith(wanted["prefix"])
    return bool(value == wanted)


def test_every_trigger_has_a_sample(template: dict[str, Any]) -> None:
    assert set(triggers(template)) == set(SAMPLES)


def test_every_sample_is_for_a_trigger() -> None:
    named = {name for names in SAMPLES.values() for name in names}

    assert {path.stem for path in ROOT.glob("events/*.json")} == named | {"api_request"}


@pytest.mark.parametrize(("trigger", "name"), [(trigger, name) for trigger, names in SAMPLES.items() for name in names])
def test_every_sample_gets_past_the_pattern_of_its_trigger(template: dict[str, Any], trigger: tuple[str, str], name: str) -> None:
    source = triggers(template)[trigger]
    sample = event_sample(name)

    match source["Type"]:
        case "EventBridgeRule":
            assert matches(source["Properties"]["Pattern"], sample)
        case "DynamoDB":
            patterns = [json.loads(entry["Pattern"]) for entry in source["Properties"]["FilterCriteria"]["Filters"]]
            assert all(any(matches(pattern, record) for pattern in patterns) for record in sample["Records"])
            assert all(any(matches(pattern, record) for record in sample["Records"]) for pattern in patterns)
        case "SQS":
            assert all(Notice.of_message(record["body"]).event_id for record in sample["Records"])
        case "Schedule":
            assert sample["source"] == "aws.events"
        case other:
            pytest.fail(f"no sample is known for {other}")


@pytest.mark.parametrize("trigger", [trigger for trigger, samples in SAMPLES.items() if samples is not ALL_OF_OURS])
def test_a_rule_lets_nothing_else_through(template: dict[str, Any], trigger: tuple[str, str]) -> None:
    source = triggers(template)[trigger]
    if source["Type"] != "EventBridgeRule":
        return
    others = {name for names in SAMPLES.values() for name in names} - set(SAMPLES[trigger])

    assert not [name for name in others if matches(source["Properties"]["Pattern"], event_sample(name))]


@pytest.mark.parametrize("name", sorted(OUR_EVENTS))
def test_the_samples_of_our_own_events_are_what_we_announce(name: str) -> None:
    sample = event_sample(name)
    origin, end = sample["detail"]["from"], Status(sample["detail"]["to"])
    before = None if origin is None else a_job(status=Status(origin))
    kind = sample["detail-type"]
    after = a_job(
        status=end,
        validation=Validation("failed" if kind == events.VALIDATION_FAILED else "passed", objects=100),
        progress=sample["detail"].get("percent", 0),
        stalled_since=NOW if kind == events.STALLED else None,
    )
    announced = {fact.name: fact for fact in events.facts(before, after)}[kind]

    assert sample["source"] == events.SOURCE
    assert list(sample["detail"]) == list(announced.detail)
    assert list(sample["detail"]["counters"]) == list(announced.detail["counters"])
    assert sample["detail"]["id"].split("-", 2)[2] == announced.detail["id"].removeprefix("id-of-cats-1-1-")


def test_the_samples_of_the_jobs_table_are_items_as_the_store_writes_them() -> None:
    images = [
        record["dynamodb"][image]
        for record in event_sample("jobs_table_changed")["Records"]
        for image in ("OldImage", "NewImage")
        if image in record["dynamodb"]
    ]
    jobs = [job_of_image(image) for image in images]

    manifests = [manifest_of_image(image) for image in images]

    # One image is what is left of a deleted job, one is a manifest and one an export.
    assert [job.name for job in jobs if job] == ["cats-1"] * (len(jobs) - 3)
    assert [manifest.name for manifest in manifests if manifest] == ["cats"]


def test_an_interrupted_launch_carries_the_input_it_was_started_with() -> None:
    sample = event_sample("launch_execution_status_change")

    assert json.loads(sample["detail"]["input"]) == event_sample("labeling_job_submitted")["detail"]


def test_an_export_that_is_asked_for_is_announced_as_the_sample_says() -> None:
    images = [record["dynamodb"].get("NewImage") for record in event_sample("jobs_table_changed")["Records"]]
    (export,) = [found for image in images if image and (found := export_of_image(image))]
    sample = event_sample("export_requested")

    assert [(fact.name, fact.detail) for fact in events.export_facts(None, export)] == [(sample["detail-type"], sample["detail"])]
    assert events.export_facts(export, export) == []


def test_a_manifest_that_is_asked_for_is_announced_as_the_sample_says() -> None:
    (new,) = [
        record["dynamodb"]["NewImage"]
        for record in event_sample("jobs_table_changed")["Records"]
        if "NewImage" in record["dynamodb"] and manifest_of_image(record["dynamodb"]["NewImage"])
    ]
    sample = event_sample("manifest_requested")

    assert [(fact.name, fact.detail) for fact in events.manifest_facts(None, manifest_of_image(new))] == [
        (sample["detail-type"], sample["detail"])
    ]
    assert json.loads(event_sample("manifest_build_status_change")["detail"]["input"]) == sample["detail"]


def test_an_interrupted_draft_carries_the_upload_it_was_started_with() -> None:
    assert json.loads(event_sample("draft_execution_status_change")["detail"]["input"]) == event_sample("manifest_uploaded")["detail"]
