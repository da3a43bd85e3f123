"""What is counted for those who run Groundwork."""

import pytest

from groundwork import events
from groundwork.business_metrics import metric_of
from groundwork.labeling_jobs.lifecycle import Status
from tests.builders import a_job


@pytest.mark.parametrize(
    ("before", "after", "metrics"),
    [
        (None, Status.DRAFT, ["LabelingJobsDrafted"]),
        (None, Status.VALIDATING, [None]),
        (Status.VALIDATING, Status.LAUNCHING, [None]),
        (Status.LAUNCHING, Status.INITIALIZING, ["LabelingJobsLaunched"]),
        (Status.LAUNCHING, Status.IN_PROGRESS, ["LabelingJobsLaunched"]),
        (Status.INITIALIZING, Status.IN_PROGRESS, [None]),
        (Status.LAUNCHING, Status.FAILED, ["LabelingJobsFailed"]),
        (Status.IN_PROGRESS, Status.COMPLETED, ["LabelingJobsCompleted"]),
        (Status.STOPPING, Status.STOPPED, ["LabelingJobsStopped"]),
    ],
)
def test_each_way_of_a_job_is_counted_once(before: Status | None, after: Status, metrics: list[str | None]) -> None:
    facts = events.facts(a_job(status=before) if before else None, a_job(status=after))

    assert [metric_of(fact) for fact in facts] == metrics
