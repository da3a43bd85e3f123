"""Manifests that people ask for: the request, the steps that build them, and what is told of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from groundwork import events, manifest_builds
from groundwork.built_manifests import BuildState, BuiltManifest
from groundwork.errors import InvalidRequestError, NameTakenError, NotFoundError, PreconditionFailedError
from groundwork.labeling_jobs import input_building
from groundwork.labeling_jobs.launching import LaunchStep
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.manifest_builds import BuildStep
from groundwork.store import JobStore
from tests.builders import BUCKET, EXECUTION, NOW, a_definition, a_project, a_stored_job, take_and_validate

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = f"s3://{BUCKET}/projects/pets/datasets/cats/"
LATER = NOW.replace(hour=13)


@pytest.fixture
def s3(data_bucket: "S3Client") -> "S3Client":
    for key in ("1.png", "2.png", "notes.txt"):
        data_bucket.put_object(Bucket=BUCKET, Key=f"projects/pets/datasets/cats/{key}", Body=b"x")
    return data_bucket


@pytest.fixture
def store(jobs_table: object) -> JobStore:
    store = JobStore.from_env()
    a_project(store)
    return store


def ask(store: JobStore, **overrides: Any) -> BuiltManifest:
    wanted = {"project": "pets", "name": "Cats", "input_prefix_uri": PREFIX, "task_category": "Image", "by": "ann", "now": NOW, **overrides}
    return manifest_builds.request_manifest(store, data_bucket=BUCKET, **wanted)


def step_of(manifest: BuiltManifest, execution: str = EXECUTION) -> BuildStep:
    return BuildStep(manifest.project, manifest.name, manifest.build_id, execution)


def always() -> bool:
    return True


def run(step: Callable[[dict[str, Any] | None], dict[str, Any]]) -> dict[str, Any]:
    """Step after step, as the state machine does it."""
    result = step(None)
    while result["outcome"] == "continue":
        result = step(result["progress"])
    return result


def build(store: JobStore, s3: "S3Client", manifest: BuiltManifest, execution: str = EXECUTION) -> str:
    step = step_of(manifest, execution)
    return str(
        run(lambda progress: manifest_builds.build(store, s3, step, progress, data_bucket=BUCKET, has_time=always, now=LATER))["outcome"]
    )


def present(store: JobStore, name: str = "cats") -> BuiltManifest:
    manifest = store.manifest("pets", name)
    assert manifest is not None
    return manifest


# --- the request -----------------------------------------------------------------------------------------------------


def test_a_request_is_kept_and_read_in_any_case(store: JobStore) -> None:
    asked = ask(store)

    assert asked.state is BuildState.BUILDING
    assert asked.manifest_uri == f"s3://{BUCKET}/projects/pets/manifests/Cats.manifest"
    assert store.manifest("pets", "CATS") == asked
    assert store.manifests("pets", limit=5, next_token=None).items == (asked,)
    assert store.manifest("zoo", "Cats") is None


@pytest.mark.parametrize(
    ("overrides", "codes"),
    [
        ({"name": "no name", "input_prefix_uri": "cats/"}, ["build.name-invalid", "job.s3-uri-invalid"]),
        ({"name": "../cats"}, ["build.name-invalid"]),
        ({"name": "a" * 64}, ["build.name-invalid"]),
        ({"input_prefix_uri": f"s3://{BUCKET}/projects/zoo/"}, ["job.input-outside-locations"]),
        ({"input_prefix_uri": f"s3://{BUCKET}/projects/pets-2/"}, ["job.input-outside-locations"]),
        ({"input_prefix_uri": f"s3://{BUCKET}/projects/pets"}, []),
    ],
)
def test_every_fault_of_a_request_is_told(store: JobStore, overrides: dict[str, Any], codes: list[str]) -> None:
    if not codes:
        assert ask(store, **overrides)
        return
    with pytest.raises(InvalidRequestError) as refused:
        ask(store, **overrides)

    assert [found.code for found in refused.value.faults] == codes


def test_a_name_is_taken_unless_its_build_failed(store: JobStore) -> None:
    first = ask(store)
    with pytest.raises(NameTakenError):
        ask(store, name="cats")
    manifest_builds.settle(store, step_of(first), cause="it broke", now=LATER)

    second = ask(store, name="cats")

    assert second.build_id != first.build_id
    assert present(store) == second


def test_a_request_repeated_after_a_crash_finds_its_own_build(store: JobStore) -> None:
    first = ask(store, creation_key="k1")

    assert ask(store, creation_key="k1") == first
    with pytest.raises(NameTakenError):
        ask(store, creation_key="k1", by="bob")


def test_there_is_no_manifest_without_a_project(store: JobStore) -> None:
    store.delete_project("pets")

    with pytest.raises((NotFoundError, InvalidRequestError)):
        ask(store)


def test_only_the_request_is_announced(store: JobStore, s3: "S3Client") -> None:
    asked = ask(store)
    build(store, s3, asked)
    built = present(store)

    (fact,) = events.manifest_facts(None, asked)
    assert (fact.name, fact.detail["build_id"]) == ("Manifest Requested", asked.build_id)
    assert events.manifest_facts(asked, built) == events.manifest_facts(built, None) == []
    assert [fact.name for fact in events.manifest_facts(built, replace(built, build_id="another"))] == ["Manifest Requested"]


# --- the build -------------------------------------------------------------------------------------------------------


def test_a_manifest_is_built_and_tells_what_was_left_out(store: JobStore, s3: "S3Client") -> None:
    asked = ask(store)

    assert build(store, s3, asked) == "built"

    manifest = present(store)
    body = s3.get_object(Bucket=BUCKET, Key="projects/pets/manifests/Cats.manifest")["Body"].read().decode()
    assert body.splitlines() == [f'{{"source-ref":"{PREFIX}{key}"}}' for key in ("1.png", "2.png")]
    assert (manifest.state, manifest.files, manifest.objects, manifest.errors, manifest.warnings) == (BuildState.BUILT, 3, 2, 0, 1)
    assert [found["code"] for found in manifest.resource()["faults"]] == ["build.foreign-file"]
    assert manifest.updated_at == LATER


def test_how_far_a_build_is_can_be_seen_while_it_runs(store: JobStore, s3: "S3Client") -> None:
    asked = ask(store)

    def hurried(progress: dict[str, Any] | None) -> dict[str, Any]:
        return manifest_builds.build(store, s3, step_of(asked), progress, data_bucket=BUCKET, has_time=lambda: False, now=LATER)

    hurried(hurried(None)["progress"])

    assert (present(store).state, present(store).objects) == (BuildState.BUILDING, 1)


def test_an_empty_prefix_fails_and_says_so(store: JobStore, s3: "S3Client") -> None:
    asked = ask(store, input_prefix_uri=f"s3://{BUCKET}/projects/pets/datasets/dogs/")

    assert build(store, s3, asked) == "failed"

    assert (present(store).state, [found["code"] for found in present(store).faults]) == (BuildState.FAILED, ["build.prefix-empty"])


def test_a_build_reads_nothing_that_the_project_was_not_granted_any_more(store: JobStore, s3: "S3Client") -> None:
    asked = ask(store)
    store.delete_data_location("pets", "default")

    assert build(store, s3, asked) == "failed"
    assert "lost the data location" in str(present(store).failure_reason)


def test_a_second_execution_of_the_same_build_does_nothing(store: JobStore, s3: "S3Client") -> None:
    asked = ask(store)
    manifest_builds.build(store, s3, step_of(asked), None, data_bucket=BUCKET, has_time=always, now=LATER)

    assert build(store, s3, asked, "arn:another") == "superseded"
    assert manifest_builds.settle(store, step_of(asked, "arn:another"), cause="it broke", now=LATER) == "nothing-to-settle"
    assert present(store).state is BuildState.BUILDING


def test_a_build_that_is_over_or_asked_for_anew_is_left_alone(store: JobStore, s3: "S3Client") -> None:
    asked = ask(store)
    build(store, s3, asked)
    built = present(store)

    assert build(store, s3, asked) == "superseded"
    assert manifest_builds.settle(store, step_of(asked), cause="it came late", now=LATER) == "nothing-to-settle"
    assert build(store, s3, replace(asked, build_id="older")) == "superseded"
    assert present(store) == built


def test_an_interrupted_build_says_why_and_settling_twice_is_harmless(store: JobStore) -> None:
    asked = ask(store)

    settled = [manifest_builds.settle(store, step_of(asked), cause="it ended as ABORTED", now=LATER) for _ in range(2)]

    assert settled == ["settled", "nothing-to-settle"]
    assert "it ended as ABORTED" in str(present(store).failure_reason)


def test_a_write_from_an_older_copy_is_refused(store: JobStore) -> None:
    asked = ask(store)
    store.save_manifest(asked, replace(asked, version=2))

    with pytest.raises(PreconditionFailedError):
        store.save_manifest(asked, replace(asked, version=2))


# --- the input of a launch -------------------------------------------------------------------------------------------


def a_launch(store: JobStore, **definition: Any) -> LaunchStep:
    on_prefix = a_definition(input_manifest_uri=None, input_prefix_uri=PREFIX, **definition)
    job = a_stored_job(store, definition=on_prefix, status=Status.VALIDATING, submission=1, launch_execution=EXECUTION)
    return LaunchStep(job.name, 1, EXECUTION)


def build_input(store: JobStore, s3: "S3Client", step: LaunchStep) -> dict[str, Any]:
    return run(lambda progress: input_building.build_input(store, s3, step, progress, data_bucket=BUCKET, has_time=always, now=LATER))


def test_a_job_on_a_prefix_is_launched_on_the_manifest_of_it(store: JobStore, s3: "S3Client") -> None:
    step = a_launch(store)

    assert build_input(store, s3, step) == {"outcome": "built"}
    assert take_and_validate(store, s3, step)["validation"]["objects"] == 2

    job = store.job("cats-1")
    assert job is not None
    history = store.job_events(job, limit=9, next_token=None).items[-1]
    assert (history.type, history.detail["objects"]) == ("ManifestBuilt", 2)
    assert [found["code"] for found in history.detail["left_out"]] == ["build.foreign-file"]
    assert boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="projects/pets/manifests/")["KeyCount"] == 0


def test_a_second_launch_of_the_same_name_builds_anew(store: JobStore, s3: "S3Client") -> None:
    build_input(store, s3, a_launch(store))
    job = store.job("cats-1")
    assert job is not None
    store.save_job(job, job.changed(status=Status.DRAFT))
    store.delete_job(job.changed(status=Status.DRAFT), LATER)
    s3.put_object(Bucket=BUCKET, Key="projects/pets/datasets/cats/3.png", Body=b"x")

    step = a_launch(store)

    assert build_input(store, s3, step) == {"outcome": "built"}
    assert take_and_validate(store, s3, step)["validation"]["objects"] == 3


@pytest.mark.parametrize("prefix", [f"s3://{BUCKET}/projects/pets/datasets/dogs/", f"s3://{BUCKET}/projects/zoo/"])
def test_a_prefix_that_gives_no_manifest_sends_the_job_back(store: JobStore, s3: "S3Client", prefix: str) -> None:
    definition = a_definition(input_manifest_uri=None, input_prefix_uri=prefix)
    a_stored_job(store, definition=definition, status=Status.VALIDATING, submission=1, launch_execution=EXECUTION)

    result = build_input(store, s3, LaunchStep("cats-1", 1, EXECUTION))

    assert (result["outcome"], result["validation"]["state"], result["validation"]["errors"]) == ("faults", "failed", 1)


def test_data_that_cannot_be_used_sends_the_job_back(store: JobStore, s3: "S3Client") -> None:
    s3.put_object(Bucket=BUCKET, Key="projects/pets/datasets/cats/9.png", Body=b"x", StorageClass="GLACIER")

    result = build_input(store, s3, a_launch(store))

    assert [found["code"] for found in result["validation"]["faults"]] == ["build.object-unreadable", "build.foreign-file"]


def test_a_launch_that_was_superseded_builds_nothing(store: JobStore, s3: "S3Client") -> None:
    a_launch(store)

    assert build_input(store, s3, LaunchStep("cats-1", 1, "arn:another")) == {"outcome": "superseded"}
