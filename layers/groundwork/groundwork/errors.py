"""The domain's errors.

GroundworkError
├── NotFoundError            the thing is unknown, or hidden from this caller
├── ForbiddenError           the caller may know the thing but not do this to it
├── ConflictError            the thing's state does not allow it
│   ├── NameTakenError       a name that must be unique is in use
│   └── WrongStatusError     a labeling job's status does not allow the action
├── PreconditionFailedError  the caller's copy of the thing is out of date (If-Match)
├── InvalidRequestError      the request has faults; carries all of them
├── TemplateError            a worker task template cannot be composed, or not rendered for a data object
└── LabelingServiceError     the labeling service could not do its part
    ├── NoRoomAtServiceError   it has reached a limit of the account: repeating it later may work
    └── RefusedByServiceError  it refused the request itself: repeating it unchanged is pointless

Outcomes that a person causes and a person mends travel as these; anything else that escapes a function is a defect or an
outage, and the platform's retries and dead-letter queues deal with it.
"""

from collections.abc import Sequence

from groundwork.rules import Fault


class GroundworkError(Exception):
    """Root of every error the domain raises on purpose. `str(error)` is a sentence fit for the person who caused it."""


class NotFoundError(GroundworkError):
    """The thing does not exist, or this caller must not learn that it does."""


class ForbiddenError(GroundworkError):
    """The caller may know the thing exists, but not do this to it."""


class ConflictError(GroundworkError):
    """The present state of the thing does not allow the action. `faults` says which of several reasons it is, where programs must know."""

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class NameTakenError(ConflictError):
    """A name that must be unique is already in use."""


class WrongStatusError(ConflictError):
    """A labeling job's status does not allow the action."""


class PreconditionFailedError(GroundworkError):
    """The thing changed since the caller read it (`If-Match`)."""


class InvalidRequestError(GroundworkError):
    """The request has faults. All of them are in `faults`, in the order of the request's fields."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = tuple(faults)


class TemplateError(GroundworkError):
    """A worker task template cannot be composed, or not rendered for a data object."""


class LabelingServiceError(GroundworkError):
    """The labeling service could not do its part; trying again later may work."""


class NoRoomAtServiceError(LabelingServiceError):
    """A limit of the account at the labeling service is reached; there may be room later."""


class RefusedByServiceError(LabelingServiceError):
    """The labeling service refused the request itself; repeating it unchanged is pointless."""
