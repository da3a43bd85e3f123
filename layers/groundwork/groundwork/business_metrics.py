"""What is counted for the people who run Groundwork: each announced fact about a labeling job, under one name."""

from groundwork import events
from groundwork.events import DomainEvent
from groundwork.labeling_jobs.lifecycle import Status

_OF_FACTS = {
    events.DRAFTED: "LabelingJobsDrafted",
    events.VALIDATION_FAILED: "LabelingJobsFaulty",
    events.STALLED: "LabelingJobsStalled",
}
_OF_ENDS = {
    Status.COMPLETED: "LabelingJobsCompleted",
    Status.FAILED: "LabelingJobsFailed",
    Status.STOPPED: "LabelingJobsStopped",
}


def metric_of(fact: DomainEvent) -> str | None:
    """The metric that counts the fact; None for one that is not counted."""
    if fact.name != events.STATUS_CHANGED:
        return _OF_FACTS.get(fact.name)
    before, after = fact.detail["from"], Status(fact.detail["to"])
    # The service may report InProgress before the launch is recorded: leaving Launching forwards is the launch.
    if before == Status.LAUNCHING and after in {Status.INITIALIZING, Status.IN_PROGRESS}:
        return "LabelingJobsLaunched"
    return _OF_ENDS.get(after)
