"""The worker page of a task: the job's template, rendered for the data object with addresses presigned at this moment.

What workers see is read and presigned with the right of the job's project (its data locations), which its tag names.
"""

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from groundwork.data_locations import DataLocations
from groundwork.engine.jobs import EngineJob
from groundwork.engine.leases import Task
from groundwork.errors import ConflictError
from groundwork.presigning import ProjectView, WorkerView
from groundwork.worker_task_template import compose, task_input

if TYPE_CHECKING:
    from groundwork.store import JobStore
    from groundwork.worker_page import WorkerPage


class WorkerPages:
    """Makes worker pages."""

    def __init__(self, view: WorkerView, data_locations: Callable[[str], DataLocations], console_origin: str) -> None:
        self._view = view
        self._data_locations = data_locations
        self._console_origin = console_origin

    @classmethod
    def from_env(cls, store: "JobStore") -> Self:
        """Over the projects in `store`, for the console that the environment may name. Another missing setting fails the cold start."""
        return cls(WorkerView.from_env(), store.data_locations, os.environ.get("CONSOLE_ORIGIN", ""))

    def of(self, job: EngineJob, task: Task, worker_id: str) -> "WorkerPage":
        """The page of one task for a worker who has a lease on it.

        Raises TemplateError when it cannot be made, ConflictError for a job of no project.
        """
        # Imported here, because python-liquid is slow to import and most requests show no page.
        from groundwork.worker_page import worker_page

        project = job.project
        if project is None:
            raise ConflictError("The labeling job belongs to no project, so nothing of its data may be shown.")
        view = self._view.of(project, self._data_locations(project))
        template = _template(job, task.holds[worker_id].instructions, view)
        return worker_page(template, shown_of(job, task), view, is_custom=job.task_type.is_custom, console_origin=self._console_origin)


def shown_of(job: EngineJob, task: Task) -> dict[str, Any]:
    """What the template is given of the task's object. Raises TemplateError when the line lacks it, which loading has ruled out."""
    if task.given is not None:
        given: dict[str, Any] = json.loads(task.given)
        return given
    return task_input(job.task_type, (job.label_categories or {})["labels"], json.loads(task.line))


def _template(job: EngineJob, version: int, view: ProjectView) -> str:
    uri = job.template_uri(version)
    if uri is not None:
        return b"".join(view.read(uri)).decode()
    # Ground Truth has a page of its own for named entities, which shows the label category file's instructions. So have we.
    instructions = (job.label_categories or {}).get("instructions") or {}
    return compose(
        job.task_type,
        description=job.description,
        short_instructions=str(instructions.get("shortInstruction", "")),
        full_instructions=str(instructions.get("fullInstruction", "")),
    )
