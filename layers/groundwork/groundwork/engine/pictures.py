"""The real size of the picture that a task shows: what a worker's boxes and masks must fit, whatever the answer says it is.

It is read from the picture's first bytes, with the right that shows the picture to workers, once for a task: the first answer that is
accepted keeps it there.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from botocore.exceptions import ClientError

from groundwork.data_locations import DataLocations, S3Uri
from groundwork.image_headers import HEADER_BYTES, image_header
from groundwork.presigning import ProjectView, WorkerView

if TYPE_CHECKING:
    from groundwork.store import JobStore

# A view's right lasts for fifteen minutes.
_VIEW_SECONDS = 10 * 60
# There is no picture to be read; its worker has not seen it either, and the answer's own word counts.
_UNREADABLE = {"NoSuchKey", "NoSuchBucket", "AccessDenied", "InvalidRange", "404", "403"}

type Size = tuple[int, int]  # width, height; pixels


class Pictures:
    """Sizes of pictures in projects' data locations."""

    def __init__(self, view: WorkerView, data_locations: Callable[[str], DataLocations]) -> None:
        self._view = view
        self._data_locations = data_locations
        self._views: dict[str, tuple[float, ProjectView]] = {}

    @classmethod
    def from_env(cls, store: "JobStore") -> Self:
        """Over the projects in `store`. A missing setting fails the cold start."""
        return cls(WorkerView.from_env(), store.data_locations)

    def size(self, project: str, uri: S3Uri) -> Size | None:
        """The size of the picture as it is stored; None when it cannot be read, or does not say."""
        try:
            beginning = self._view_of(project).get(uri, Range=f"bytes=0-{HEADER_BYTES - 1}")["Body"].read()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _UNREADABLE:
                raise
            return None
        header = image_header(beginning)
        return (header.width, header.height) if header is not None and header.width and header.height else None

    def _view_of(self, project: str) -> ProjectView:
        made_at, view = self._views.get(project, (0.0, None))
        if view is None or time.monotonic() - made_at > _VIEW_SECONDS:
            view = self._view.of(project, self._data_locations(project))
            self._views[project] = time.monotonic(), view
        return view
