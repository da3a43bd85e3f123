"""AWS clients that are made when they are first asked something."""

from threading import Lock
from typing import Any

import boto3


def client_on_first_use(service: str, **settings: Any) -> Any:
    """A client as `boto3.client` makes it, once its first attribute is asked for.

    Making one takes some thirty milliseconds of a cold start: this is for clients that only some of a function's requests need.
    """
    return _ClientOnFirstUse(service, settings)


class _ClientOnFirstUse:
    def __init__(self, service: str, settings: dict[str, Any]) -> None:
        self._service = service
        self._settings = settings
        self._lock = Lock()
        self._client: Any = None

    def __getattr__(self, name: str) -> Any:
        # Nothing but what is not set above comes here: what is asked of the client.
        with self._lock:
            if self._client is None:
                self._client = boto3.client(self._service, **self._settings)
        return getattr(self._client, name)
