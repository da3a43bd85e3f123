"""How far a labeling job has come, and whether it still moves.

Progress is a status further on, or more objects finished. A threshold once reached stays reached, whatever the counters say later, so
each is announced once in a job's life; a job that does not move for long enough is stalled until it moves again.
"""

from datetime import datetime, timedelta
from typing import Any

from groundwork.labeling_jobs.job import Counters, LabelingJob
from groundwork.labeling_jobs.lifecycle import IN_SERVICE, Status

THRESHOLDS = (25, 50, 75, 90)  # percent of the objects


def reached(counters: Counters) -> int:
    """The highest threshold that these counters reach; 0 below the lowest, and as long as there are no objects."""
    percent = 100 * counters.finished // max(counters.total, 1)
    return max((threshold for threshold in THRESHOLDS if percent >= threshold), default=0)


def progress_of(job: LabelingJob, *, status: Status, counters: Counters, now: datetime, stalled_after: timedelta | None) -> dict[str, Any]:
    """The job's fields of progress, now that the labeling service reports this status and these counters.

    `stalled_after` is how long a job may go without progress; None when this look at the job is not to judge that.
    """
    if status not in IN_SERVICE:
        return {"stalled_since": None}
    # Objects are still being counted until the job is in progress: a share of them would mean nothing.
    progress = max(job.progress, reached(counters)) if status is Status.IN_PROGRESS else job.progress
    if job.is_paused:
        # Nobody is given work: its time begins anew when it is resumed.
        return {"progress": progress, "progressed_at": None, "stalled_since": None}
    if job.progressed_at is None or status is not job.status or counters.finished > job.counters.finished:
        return {"progress": progress, "progressed_at": now, "stalled_since": None}
    is_stalled = stalled_after is not None and now - job.progressed_at >= stalled_after
    return {"progress": progress, "stalled_since": job.progressed_at if is_stalled else job.stalled_since}
