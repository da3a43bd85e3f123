"""What the built-in labeling service can do with a job that runs, and SageMaker's operations have no word for.

The whole of the engine's own interface towards the control plane; everything else goes through SageMaker's operations.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Self

from groundwork.engine import leases
from groundwork.engine.jobs import EngineJob
from groundwork.engine.store import EngineStore, PutAside, TaskChangedError
from groundwork.errors import ConflictError, NotFoundError

_TRIES = 10


class JobControl:
    """Pause, resume, extend, new instructions, objects put aside. All raise ConflictError for a job that takes no more work."""

    def __init__(self, store: EngineStore) -> None:
        self._store = store

    @classmethod
    def from_env(cls) -> Self:
        """Over the engine's table that the environment names. A missing setting fails the cold start."""
        return cls(EngineStore.from_env())

    def pause(self, name: str, now: datetime) -> None:
        """Give out no more work; whoever holds a lease may finish it. The job's time goes on."""
        self._require(self._store.set_paused(name, True, now))

    def resume(self, name: str, now: datetime) -> None:
        """Give out work again."""
        self._require(self._store.set_paused(name, False, now))

    def extend(self, name: str, lifetime: timedelta, now: datetime) -> None:
        """Offer tasks until `lifetime` after the job's creation, if that is longer than now."""
        self._require(self._store.extend(name, int(lifetime.total_seconds()), now))

    def change_template(self, name: str, version: int, template_uri: str, now: datetime) -> None:
        """Show this worker task template with every lease from now on, as version `version` of the instructions.

        Leases that workers hold keep what they show. Doing it again changes nothing; raises ConflictError when `version` is not the next.
        """
        job = self._job(name)
        if version == job.instructions_version and job.changed_templates[-1:] == (template_uri,):
            return
        self._require(
            version == job.instructions_version + 1 and self._store.add_template(name, job.instructions_version, template_uri, now)
        )

    def bring_up(self, name: str, *, is_paused: bool, lifetime: timedelta, templates: Sequence[str], now: datetime) -> None:
        """Bring a job up to what was decided: whether it is paused, how long tasks are offered, later instructions' templates in order.

        A job that takes no more work, or is as it should be, stays as it is.
        """
        job = self._store.job(name)
        if job is None or job.status.is_at_rest or job.outcome is not None:
            return
        if job.is_paused is not is_paused:
            self._store.set_paused(name, is_paused, now)
        if lifetime > job.deadline - job.created_at:
            self._store.extend(name, int(lifetime.total_seconds()), now)
        for version, uri in enumerate(templates, start=2):
            if version > job.instructions_version:
                self._store.add_template(name, version - 1, uri, now)

    def instructions_version(self, name: str) -> int:
        """The version that new leases show."""
        return self._job(name).instructions_version

    def put_aside(self, name: str, *, after: int = -1, limit: int) -> list[PutAside]:
        """Objects that too many workers declined, in input order, behind number `after`."""
        return self._store.put_aside(self._job(name).key, after=after, limit=limit)

    def reissue(self, name: str, number: int, now: datetime) -> None:
        """Offer an object that was put aside to everybody again who did not answer it. Doing it again changes nothing.

        Raises NotFoundError for an object that the job has not to label.
        """
        for _ in range(_TRIES):
            task = self._store.task(name, number)
            if task is None:
                raise NotFoundError(f"The labeling job has no object {number} to label.")
            if not task.is_aside:
                return
            try:
                self._require(self._store.save_reissued(name, leases.reissue(task), now))
            except TaskChangedError:
                continue
            return
        raise ConflictError("Too many changes of this object at once; try again.")

    def _job(self, name: str) -> EngineJob:
        job = self._store.job(name)
        if job is None:
            raise NotFoundError("The labeling service has no such labeling job.")
        return job

    def _require(self, was_done: bool) -> None:  # noqa: FBT001
        if not was_done:
            raise ConflictError("The labeling job takes no more work, or changed meanwhile; read it again.")
