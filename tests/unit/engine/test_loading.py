"""Tasks from manifests: chaining, shards, and loads that were cut off."""

import json
from typing import Any

import pytest

from groundwork.engine import loading
from groundwork.engine import store as engine_store
from groundwork.engine.jobs import JobStatus
from groundwork.engine.loading import InputRefusedError, load_tasks, plan_loading
from groundwork.engine.store import EngineStore
from tests.unit.engine.builders import BUCKET, NOON, Engine, a_job, a_request, chose, pictures

MANIFEST = "projects/pets/manifests/in.manifest"


@pytest.fixture
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_store, "SHARD_SIZE", 4)


def created(engine: Engine, **request: Any) -> str:
    job = a_job(a_request(**request))
    assert engine.store.create_job(job)
    return job.name


def numbers(engine: Engine, name: str) -> list[int]:
    return [task.number for shard in engine.store.shards(name) for task in engine.store.tasks(name, shard.number)]


def test_every_line_becomes_a_task_in_shards_of_bounded_size(engine: Engine, small_shards: None) -> None:
    engine.put_input(pictures(10))
    name = created(engine, workers=3)

    engine.load(name)

    assert numbers(engine, name) == list(range(10))
    assert [(shard.tasks, shard.unfinished) for shard in engine.store.shards(name)] == [(4, 4), (4, 4), (2, 2)]


def test_a_large_manifest_is_loaded_in_ranges_of_whole_shards_in_any_order(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, small_shards: None
) -> None:
    monkeypatch.setattr(loading, "_MAX_RANGES", 4)
    lines: list[dict[str, Any]] = [{**line, "note": "ä" * (number % 5)} for number, line in enumerate(pictures(33))]
    engine.put_input(lines)
    name = created(engine)

    ranges = plan_loading(name, engine.store, engine.s3)
    for number in reversed(range(ranges)):
        load_tasks(name, number, engine.store, engine.s3, engine.functions)

    assert ranges == 3
    assert [planned.lines for planned in engine.store.plan(name) or []] == [16, 16, 1]
    assert numbers(engine, name) == list(range(33))
    found = [json.loads(task.line) for shard in engine.store.shards(name) for task in engine.store.tasks(name, shard.number)]
    assert found == lines


def test_work_can_begin_with_the_first_range_and_the_job_is_not_done_before_the_last(engine: Engine, small_shards: None) -> None:
    engine.put_input(pictures(6))
    name = created(engine)
    plan_loading(name, engine.store, engine.s3)
    load_tasks(name, 0, engine.store, engine.s3, engine.functions)
    engine.set_status(name, JobStatus.IN_PROGRESS)

    labeled = [engine.label(engine.worker("ann"), name, chose("car")) for _ in range(4)]
    engine.store.close_shard(name, 0, only_if_finished=True)
    half_way = engine.store.job(name)
    load_tasks(name, 1, engine.store, engine.s3, engine.functions)
    labeled.append(engine.label(engine.worker("ann"), name, chose("car")))

    assert labeled == [0, 1, 2, 3, 4]
    assert half_way is not None
    assert half_way.wait_outcome(NOON) is None


def test_an_empty_manifest_is_refused(engine: Engine) -> None:
    engine.put_input([])
    name = created(engine)

    with pytest.raises(InputRefusedError, match="is empty"):
        plan_loading(name, engine.store, engine.s3)


def test_lines_that_have_the_label_are_not_sent_out_again_and_failed_ones_are(engine: Engine) -> None:
    lines = pictures(5)
    lines[1]["kind"] = 0
    lines[2]["kind-metadata"] = {"failure-reason": "expired"}
    lines[4] |= {"kind": 0, "kind-metadata": {"failure-reason": "expired"}}
    engine.put_input(lines)
    name = created(engine)

    engine.load(name)

    assert numbers(engine, name) == [0, 2, 3, 4]


def test_a_manifest_that_is_labeled_already_makes_a_job_that_is_done(engine: Engine) -> None:
    engine.put_input([{**line, "kind": 1} for line in pictures(3)])
    name = created(engine)

    engine.load(name)

    job = engine.store.job(name)
    assert job is not None
    assert job.wait_outcome(NOON) == "done"


def test_loading_again_makes_no_doubles_and_keeps_progress(engine: Engine) -> None:
    name = engine.open_job(pictures(5))
    engine.label(engine.worker("ann"), name, chose("car"))

    engine.load(name)

    assert numbers(engine, name) == list(range(5))
    assert [shard.unfinished for shard in engine.store.shards(name)] == [4]
    assert sum(task.answers for task in engine.store.tasks(name, 0)) == 1


@pytest.mark.parametrize("writes_before_the_crash", range(6))
def test_a_load_cut_off_at_any_write_is_completed_by_the_next(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, writes_before_the_crash: int, small_shards: None
) -> None:
    monkeypatch.setattr(engine_store, "_MAX_TRANSACTION_ITEMS", 2)
    engine.put_input(pictures(6))
    name = created(engine)
    transact = EngineStore._transact
    left = writes_before_the_crash

    def crash_when_none_is_left(self: EngineStore, writes: Any) -> frozenset[int]:
        nonlocal left
        if left == 0:
            raise ConnectionError("the function was killed")
        left -= 1
        return transact(self, writes)

    with monkeypatch.context() as crashing:
        crashing.setattr(EngineStore, "_transact", crash_when_none_is_left)
        with pytest.raises(ConnectionError):
            engine.load(name)
    engine.load(name)

    job = engine.store.job(name)
    assert job is not None
    assert job.shards == 2
    assert numbers(engine, name) == list(range(6))
    assert [(shard.tasks, shard.unfinished) for shard in engine.store.shards(name)] == [(4, 4), (2, 2)]


def test_a_late_loader_does_not_undo_what_workers_did(engine: Engine) -> None:
    """A loader that read "no such shard", then slept while another one loaded and a worker answered."""
    name = engine.open_job(pictures(3))
    before = list(engine.store.tasks(name, 0))
    engine.label(engine.worker("ann"), name, chose("car"))

    engine.store.add_tasks(name, before)
    engine.store.add_shard(name, 0, tasks=len(before), unfinished=len(before))

    assert sum(task.answers for task in engine.store.tasks(name, 0)) == 1
    assert [shard.unfinished for shard in engine.store.shards(name)] == [2]


def test_a_manifest_that_changed_after_loading_began_is_refused(engine: Engine) -> None:
    engine.put_input(pictures(2))
    name = created(engine)
    plan_loading(name, engine.store, engine.s3)
    engine.put_input(pictures(3))

    with pytest.raises(InputRefusedError, match="changed after the labeling job began"):
        engine.load(name)


def test_where_the_bucket_keeps_versions_a_load_goes_on_with_the_manifest_it_began_with(engine: Engine) -> None:
    engine.keep_versions()
    engine.put_input(pictures(2))
    name = created(engine)
    plan_loading(name, engine.store, engine.s3)
    engine.put_input(pictures(3), labels=["something", "else"])

    engine.load(name)

    job = engine.store.job(name)
    assert job is not None
    assert job.label_names == ("bus", "car", "truck")
    assert numbers(engine, name) == [0, 1]


def test_a_store_that_gives_the_whole_manifest_for_a_part_of_it_fails_the_load(
    engine: Engine, small_shards: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.put_input(pictures(10))
    name = created(engine)
    plan_loading(name, engine.store, engine.s3)
    get_object = engine.s3.get_object

    def whole(**asked: Any) -> Any:
        return get_object(**{name: value for name, value in asked.items() if name != "Range"})

    monkeypatch.setattr(engine.s3, "get_object", whole)

    with pytest.raises(RuntimeError):
        load_tasks(name, 1, engine.store, engine.s3, engine.functions)

    assert numbers(engine, name) == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"source-ref":"s3://b/1.jpg"}\nnope\n', "Line 2 of the input manifest is not a JSON object"),
        (b"[1]\n", "Line 1 of the input manifest is not a JSON object"),
        (b'{"source":"text"}\n', "Line 1 of the input manifest has no text under 'source-ref'"),
        (b"\xff\xfe\n", "Line 1 of the input manifest is not a JSON object"),
        (json.dumps({"source-ref": "s3://b/1.jpg", "pad": "x" * 360_000}).encode(), "longer than"),
    ],
)
def test_a_line_that_cannot_be_worked_on_is_refused_with_its_place(engine: Engine, body: bytes, reason: str) -> None:
    engine.put_input([])
    engine.s3.put_object(Bucket=BUCKET, Key=MANIFEST, Body=body)
    name = created(engine)

    with pytest.raises(InputRefusedError, match=reason):
        engine.load(name)


@pytest.mark.parametrize("missing", [MANIFEST, "projects/pets/labels.json"])
def test_input_that_is_not_there_is_refused_by_name(engine: Engine, missing: str) -> None:
    engine.put_input(pictures(1))
    engine.s3.delete_object(Bucket=BUCKET, Key=missing)
    name = created(engine)

    with pytest.raises(InputRefusedError, match=f"{missing} does not exist"):
        engine.load(name)


@pytest.mark.parametrize(
    "body", [b"nope", b"{}", b'{"labels":[]}', b'{"labels":[{"name":"x"}]}', b'{"labels":5}', b'{"labels":[{"label":"\\ud83d"}]}']
)
def test_a_label_category_file_of_another_form_is_refused(engine: Engine, body: bytes) -> None:
    engine.put_input(pictures(1))
    engine.s3.put_object(Bucket=BUCKET, Key="projects/pets/labels.json", Body=body)
    name = created(engine)

    with pytest.raises(InputRefusedError, match="label category file"):
        engine.load(name)
