"""Runs: what pushes a labeling job's run machine on.

`RunDriver.drive` is the one place that does. It is called when the table's stream says that something changed, and every minute for
every job that is not at rest, so a lost call costs a minute and a repeated or late one changes nothing: it looks at the job as it is,
and each thing it does is idempotent.
"""

import contextlib
import json
import os
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Self

from groundwork.engine.jobs import EngineJob, JobStatus, WaitOutcome
from groundwork.engine.store import EngineStore
from groundwork.lazy_client import client_on_first_use

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

MAX_FALSE_STARTS = 5


class RunDriver:
    """Starts runs, starts them again when they died, and ends their wait."""

    def __init__(self, store: EngineStore, states: "SFNClient", machine_arn: str) -> None:
        self._store = store
        self._states = states
        self._machine_arn = machine_arn

    @classmethod
    def from_env(cls) -> Self:
        """The driver of the machine that the environment names (RUN_MACHINE_ARN). A missing setting fails the cold start."""
        return cls(EngineStore.from_env(), client_on_first_use("stepfunctions"), os.environ["RUN_MACHINE_ARN"])

    def drive(self, name: str, now: datetime) -> None:
        """Do what the job's run needs now; a job at rest is consolidated again each time that is asked for."""
        job = self._store.job(name)
        if job is None:
            return
        if job.status.is_at_rest:
            if job.asked_again_at is not None:
                self._consolidate_again(job, job.asked_again_at)
            return
        match self._execution_status(job):
            case None:
                self._start(job, job.attempt)
            case "RUNNING":
                outcome = job.wait_outcome(now) or self._limit_reached(job) or self._pause_outcome(job)
                if job.token is not None and outcome is not None:
                    self._end_wait(job.token, outcome)
            case _:
                self._run_again(job, now)

    def drive_all(self, now: datetime) -> None:
        """`drive` every job not at rest, and close finished shards whose stream record was lost.

        One job's trouble does not keep the others; all errors are raised at the end, together.
        """
        errors: list[Exception] = []
        for job in self._store.jobs_not_at_rest():
            try:
                for shard in self._store.open_shards(job.key):
                    if shard.unfinished <= 0:
                        self.close_finished_shard(job.key, shard.number)
                self.drive(job.key, now)
            except Exception as error:  # noqa: BLE001 - collected, not swallowed
                errors.append(error)
        if errors:
            raise ExceptionGroup("some labeling jobs could not be driven", errors)

    def close_finished_shard(self, name: str, number: int) -> None:
        """Count a shard whose tasks all have their answers. The job's changed item then leads to `drive`."""
        self._store.close_shard(name, number, only_if_finished=True)

    def next_attempt(self, job: EngineJob) -> int:
        """The first attempt behind the job's own that has no execution. An execution of the job that still runs is stopped."""
        attempt = job.attempt
        while (status := self._execution_status(replace(job, attempt=attempt))) is not None:
            if status == "RUNNING":
                self._states.stop_execution(executionArn=self._execution_arn(job, attempt), cause="The engine's table is made anew.")
            attempt += 1
        return attempt

    def start(self, job: EngineJob) -> None:
        """Start the run of the job's present attempt, unless it is started."""
        self._start(job, job.attempt)

    def _limit_reached(self, job: EngineJob) -> WaitOutcome | None:
        """Seen when a shard is finished and every minute, so a job may label some more than its limit, as Ground Truth's batches do."""
        if not job.has_stopping_conditions:
            return None
        shards = list(self._store.shards(job.key))
        objects = sum(shard.tasks for shard in shards)
        labeled = objects - sum(shard.unfinished for shard in shards)
        by_machine = self._store.automation(job.key).machine_labeled if job.proposal_function else 0
        return WaitOutcome.LIMIT_REACHED if job.reaches_limit(labeled, objects, by_machine=by_machine) else None

    def _pause_outcome(self, job: EngineJob) -> WaitOutcome | None:
        """Why the wait ends for a moment."""
        if job.is_output_due:
            return WaitOutcome.INTERIM
        if job.proposal_function and job.token is not None and self._store.automation(job.key).is_batch_done:
            return WaitOutcome.BATCH_DONE
        return None

    def _execution_status(self, job: EngineJob) -> str | None:
        """The status of the attempt's execution, None when there is none yet."""
        try:
            return self._states.describe_execution(executionArn=self._execution_arn(job, job.attempt))["status"]
        except self._states.exceptions.ExecutionDoesNotExist:
            return None

    def _execution_arn(self, job: EngineJob, attempt: int) -> str:
        return f"{self._machine_arn.replace(':stateMachine:', ':execution:')}:{_execution_name(job, attempt)}"

    def _start(self, job: EngineJob, attempt: int) -> None:
        # The name follows from the attempt: however many callers start it, there is one execution.
        with contextlib.suppress(self._states.exceptions.ExecutionAlreadyExists):
            self._states.start_execution(
                stateMachineArn=self._machine_arn,
                name=_execution_name(job, attempt),
                input=json.dumps({"labeling_job_name": job.key, "attempt": attempt}),
            )

    def _consolidate_again(self, job: EngineJob, asked_at: datetime) -> None:
        # Named after the second: the job changes again when its output is written, and that must not start another. A count would begin
        # anew when the table is made anew, at names that are used. At most 80 characters, as many as are allowed.
        round_ = f"again-{int(asked_at.timestamp())}"
        with contextlib.suppress(self._states.exceptions.ExecutionAlreadyExists):
            self._states.start_execution(
                stateMachineArn=self._machine_arn,
                name=f"{job.key}-{round_}",
                input=json.dumps({"labeling_job_name": job.key, "round": round_}),
            )

    def _end_wait(self, token: str, outcome: WaitOutcome) -> None:
        # The wait may have been ended already; that is what these say.
        gone = self._states.exceptions
        with contextlib.suppress(gone.TaskTimedOut, gone.TaskDoesNotExist, gone.InvalidToken):
            self._states.send_task_success(taskToken=token, output=json.dumps({"outcome": outcome.value}))

    def _run_again(self, job: EngineJob, now: datetime) -> None:
        """The execution is over. Unless it has brought the job to rest since we read it, begin the next attempt."""
        present = self._store.job(job.key)
        if present is None or present.status.is_at_rest or present.attempt != job.attempt:
            return
        # A run that came as far as waiting for workers was sound, whatever ended it: a laptop that is shut down every evening must not
        # use up the attempts of a job that is open for days.
        false_starts = 0 if present.token else present.false_starts + 1
        if false_starts >= MAX_FALSE_STARTS:
            self._give_up(job, now)
        elif self._store.begin_attempt(job.key, job.attempt + 1, false_starts=false_starts):
            self._start(job, job.attempt + 1)

    def _give_up(self, job: EngineJob, now: datetime) -> None:
        reason = (
            f"The labeling job's run ended {MAX_FALSE_STARTS} times before workers could begin. Answers given so far are kept. "
            f"An administrator finds the cause in the execution {_execution_name(job, job.attempt)} and those before it; "
            "once it is mended, start a new labeling job."
        )
        # Not announced: Ground Truth's events are best effort too, and the control plane's reconciler asks.
        self._store.come_to_rest(job.key, JobStatus.FAILED, now, failure_reason=reason)


def _execution_name(job: EngineJob, attempt: int) -> str:
    """Names of labeling jobs are never used again, so neither are these. At most 66 of the 80 characters allowed."""
    return f"{job.key}-{attempt}"
