"""The parts of a split job: how many, which are due, what they amount to together."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwork.labeling_jobs.job import Counters, Parts
from groundwork.labeling_jobs.lifecycle import FINISHED, TRANSITIONS, Status
from groundwork.labeling_jobs.parts import Part, due, end, objects_per_job, sizes, status_while_running, summary
from groundwork.labeling_jobs.splitting import byte_ranges
from groundwork.task_types import TASK_TYPES
from tests.builders import NOW

STATUSES = st.sampled_from(sorted({Status.LAUNCHING, *TRANSITIONS[Status.LAUNCHING]} - {Status.DRAFT}))


def a_part(number: int, status: Status = Status.LAUNCHING, *, has_begun: bool = False, reason: str | None = None) -> Part:
    begun_at = NOW if has_begun or status is not Status.LAUNCHING else None
    return Part("big", "pets", "id", number, 10, Counters(), status=status, begun_at=begun_at, failure_reason=reason)


def some_parts(*statuses: Status) -> list[Part]:
    return [a_part(number, status) for number, status in enumerate(statuses, start=1)]


# --- sizes -----------------------------------------------------------------------------------------------------------


def test_parts_are_as_even_as_can_be() -> None:
    assert sizes(300_000, 100_000) == [100_000, 100_000, 100_000]
    assert sizes(100_001, 100_000) == [50_001, 50_000]


@given(objects=st.integers(1, 10**7), most=st.integers(1, 10**6))
def test_parts_are_as_few_as_can_be_and_of_legal_size(objects: int, most: int) -> None:
    most = max(most, objects // 1_000 + 1)

    found = sizes(objects, most)

    assert sum(found) == objects
    assert max(found) <= most
    assert max(found) - min(found) <= 1
    assert (len(found) - 1) * most < objects


def test_a_part_has_no_more_objects_than_its_task_type_and_the_stack_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    assert objects_per_job(TASK_TYPES["SemanticSegmentation"]) == 20_000
    assert objects_per_job(TASK_TYPES["TextMultiClass"]) == 100_000

    monkeypatch.setenv("OBJECTS_PER_LABELING_JOB", "1000")

    assert objects_per_job(TASK_TYPES["SemanticSegmentation"]) == objects_per_job(TASK_TYPES["TextMultiClass"]) == 1_000


# --- cutting ---------------------------------------------------------------------------------------------------------


@given(
    lines=st.lists(st.binary(max_size=6).filter(lambda line: b"\n" not in line), min_size=1, max_size=30),
    cuts=st.data(),
    chunk=st.integers(1, 50),
    is_ended=st.booleans(),
)
def test_each_part_gets_its_lines_however_the_file_is_read(lines: list[bytes], cuts: st.DataObject, chunk: int, is_ended: bool) -> None:
    is_ended |= lines[-1] == b""  # an empty last line is one only when it is ended
    file = b"\n".join(lines) + (b"\n" if is_ended else b"")
    counts = sizes(len(lines), cuts.draw(st.integers(1, len(lines))))

    found = list(byte_ranges((file[start : start + chunk] for start in range(0, len(file), chunk)), counts))

    assert b"".join(file[start:end] for start, end in found) == file
    assert [file[start:end].removesuffix(b"\n").split(b"\n") for start, end in found] == [
        lines[start:end] for start, end in pairwise([sum(counts[:number]) for number in range(len(counts) + 1)])
    ]


@pytest.mark.parametrize("counts", [[1], [1, 1], [2, 2], [4], [3, 1]])
def test_a_file_that_has_not_the_lines_that_were_validated_is_not_cut(counts: list[int]) -> None:
    with pytest.raises(ValueError, match="lines that were validated"):
        list(byte_ranges([b"a\nb\n", b"c"], counts))


# --- whose turn it is ------------------------------------------------------------------------------------------------


def test_the_first_parts_that_are_not_at_rest_are_due() -> None:
    parts = some_parts(Status.COMPLETED, Status.IN_PROGRESS, Status.FAILED, Status.LAUNCHING, Status.LAUNCHING)

    assert [part.number for part in due(parts, 2)] == [2, 4]


@given(st.data())
def test_never_more_parts_run_than_may_however_old_the_view_of_those_who_start_them(data: st.DataObject) -> None:
    at_once = data.draw(st.integers(1, 4))
    views = [some_parts(*[Status.LAUNCHING] * 8)]
    running: set[int] = set()
    for _ in range(data.draw(st.integers(1, 40))):
        if data.draw(st.booleans()):
            # Somebody acts on what the parts were at some time.
            running |= {part.number for part in due(data.draw(st.sampled_from(views)), at_once)}
            running -= {part.number for part in views[-1] if part.is_at_rest}  # those are there already
        elif running:
            ended = data.draw(st.sampled_from(sorted(running)))
            running.remove(ended)
            views.append([a_part(part.number, Status.COMPLETED) if part.number == ended else part for part in views[-1]])

        assert len(running) <= at_once


# --- what they amount to ---------------------------------------------------------------------------------------------


def test_a_summary_counts_every_part_once() -> None:
    parts = [
        *some_parts(Status.COMPLETED, Status.FAILED, Status.STOPPED, Status.STOPPING, Status.INITIALIZING),
        a_part(6, has_begun=True),
        a_part(7),
    ]

    assert summary(parts) == Parts(total=7, waiting=1, running=3, completed=1, failed=1, stopped=1)


@given(st.lists(STATUSES, min_size=1))
def test_the_status_of_the_whole_never_lags_behind_a_part_nor_ends_before_them(statuses: list[Status]) -> None:
    status = status_while_running(some_parts(*statuses))

    assert status not in FINISHED
    assert (status is Status.LAUNCHING) is (set(statuses) == {Status.LAUNCHING})
    assert (status is Status.INITIALIZING) is (Status.INITIALIZING in statuses and set(statuses) <= {Status.LAUNCHING, Status.INITIALIZING})


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([Status.COMPLETED, Status.COMPLETED], Status.COMPLETED),
        ([Status.COMPLETED, Status.STOPPED], Status.STOPPED),
        ([Status.STOPPED, Status.FAILED, Status.COMPLETED], Status.FAILED),
    ],
)
def test_the_whole_ends_as_its_worst_part(statuses: list[Status], expected: Status) -> None:
    assert end(some_parts(*statuses))[0] is expected


def test_a_failed_whole_says_which_parts_failed_and_why_the_first_did() -> None:
    parts = [a_part(1, Status.COMPLETED), a_part(2, Status.FAILED, reason="No rights."), a_part(3, Status.FAILED, reason="x" * 2_000)]

    status, reason = end(parts)

    assert status is Status.FAILED
    assert reason == "2 of 3 parts failed (2, 3); the first said: No rights."
    assert len(end(parts[2:])[1] or "") == 1_024
