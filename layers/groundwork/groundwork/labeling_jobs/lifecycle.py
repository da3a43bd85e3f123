"""A labeling job's statuses and the one table of allowed transitions.

Whatever moves a job (API, launch machine, service events, reconciler) asks this table, and every write is conditional on
the status it was asked about, so late, repeated and reordered facts change nothing.
"""

from enum import StrEnum


class Status(StrEnum):
    """Statuses of api.md. From `Initializing` on they are Ground Truth's own (API LabelingJobStatus)."""

    DRAFT = "Draft"
    VALIDATING = "Validating"
    LAUNCHING = "Launching"
    INITIALIZING = "Initializing"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"


AT_REST = frozenset({Status.DRAFT, Status.COMPLETED, Status.FAILED, Status.STOPPED})
FINISHED = frozenset({Status.COMPLETED, Status.FAILED, Status.STOPPED})
IN_SERVICE = frozenset({Status.INITIALIZING, Status.IN_PROGRESS, Status.STOPPING})

# The service may report a job further along than the last report we saw, never further back (facts, section 10.3).
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.DRAFT: frozenset({Status.VALIDATING}),
    Status.VALIDATING: frozenset({Status.DRAFT, Status.LAUNCHING}),
    Status.LAUNCHING: frozenset({Status.DRAFT, Status.INITIALIZING, Status.IN_PROGRESS, Status.STOPPING, *FINISHED}),
    Status.INITIALIZING: frozenset({Status.IN_PROGRESS, Status.STOPPING, *FINISHED}),
    Status.IN_PROGRESS: frozenset({Status.STOPPING, *FINISHED}),
    # A stop that comes after the last answer still ends in Completed.
    Status.STOPPING: FINISHED,
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset(),
    Status.STOPPED: frozenset(),
}


def may_move(current: Status, new: Status) -> bool:
    """Whether a job may go from `current` to `new`. Staying where it is is no move."""
    return new in TRANSITIONS[current]
