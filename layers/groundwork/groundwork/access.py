"""Who may do what: the one place that decides.

A rule looks at the caller and at what is known of the resource, and says ALLOW, FORBID (the caller may know the thing
exists: 403) or HIDE (the caller must not learn that it does: 404). The route table names the rule of every route, so a
handler cannot forget it. Deny is the default: whatever a rule does not allow is hidden or forbidden.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

ADMINISTRATORS = "admins"  # the Cognito group of administrators; every other group is a labeling team


class Decision(StrEnum):
    ALLOW = "allow"
    FORBID = "forbid"
    HIDE = "hide"


class Role(StrEnum):
    """A member's role in a project."""

    OWNER = "owner"
    COLLABORATOR = "collaborator"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: the user name and groups of a verified token, and the person it stands for: `subject`, unique to its `issuer`."""

    username: str
    groups: frozenset[str] = frozenset()
    issuer: str = ""
    subject: str = ""

    @property
    def is_admin(self) -> bool:
        return ADMINISTRATORS in self.groups

    @property
    def labeling_teams(self) -> frozenset[str]:
        return self.groups - {ADMINISTRATORS}


@dataclass(frozen=True, slots=True)
class Resource:
    """What a rule may look at: the caller's role in the project (None: no member), a labeling job's creator and whether it is a draft."""

    role: Role | None = None
    creator: str | None = None
    is_draft: bool = False


type Rule = Callable[[Caller | None, Resource], Decision]


def anyone(caller: Caller | None, resource: Resource) -> Decision:  # noqa: ARG001
    """Open to everybody, signed in or not."""
    return Decision.ALLOW


def signed_in(caller: Caller | None, resource: Resource) -> Decision:  # noqa: ARG001
    """Open to everybody with a token; what the answer holds is the caller's own."""
    return Decision.ALLOW if caller else Decision.FORBID


def administer(caller: Caller | None, resource: Resource) -> Decision:  # noqa: ARG001
    """Administrators only; that there are such routes is no secret."""
    return Decision.ALLOW if caller and caller.is_admin else Decision.FORBID


def read_project(caller: Caller | None, resource: Resource) -> Decision:
    """Members read their project, administrators every project; to others it does not exist."""
    if caller and (resource.role or caller.is_admin):
        return Decision.ALLOW
    return Decision.HIDE


def _known(caller: Caller | None, resource: Resource, *, allowed: bool) -> Decision:
    """Allow, or refuse in the way that suits whether the caller may know the project."""
    if read_project(caller, resource) is Decision.HIDE:
        return Decision.HIDE
    return Decision.ALLOW if allowed else Decision.FORBID


def contribute(caller: Caller | None, resource: Resource) -> Decision:
    """Members add to their project: uploads, drafts, labeling jobs. Administrators do not, unless they are members."""
    return _known(caller, resource, allowed=resource.role is not None)


def own_project(caller: Caller | None, resource: Resource) -> Decision:
    """Owners change their project."""
    return _known(caller, resource, allowed=resource.role is Role.OWNER)


def manage_project(caller: Caller | None, resource: Resource) -> Decision:
    """Owners and administrators decide who is a member, who hears of labeling jobs, and whether labels are consolidated anew."""
    return _known(caller, resource, allowed=resource.role is Role.OWNER or bool(caller and caller.is_admin))


def administer_project(caller: Caller | None, resource: Resource) -> Decision:
    """Administrators only; members may know that there is something to administer."""
    return _known(caller, resource, allowed=bool(caller and caller.is_admin))


def delete_labeling_job(caller: Caller | None, resource: Resource) -> Decision:
    """The project's owners, or the creator as long as it is a draft."""
    is_own_draft = resource.is_draft and caller is not None and caller.username == resource.creator and resource.role is not None
    return _known(caller, resource, allowed=resource.role is Role.OWNER or is_own_draft)


def stop_labeling_job(caller: Caller | None, resource: Resource) -> Decision:
    """The job's creator (while a member), the project's owners, administrators."""
    is_creator = caller is not None and caller.username == resource.creator and resource.role is not None
    return _known(caller, resource, allowed=resource.role is Role.OWNER or is_creator or bool(caller and caller.is_admin))


def steer_labeling_job(caller: Caller | None, resource: Resource) -> Decision:
    """Who may stop a labeling job may also pause, extend and mend it while it runs."""
    return stop_labeling_job(caller, resource)


def work(caller: Caller | None, resource: Resource) -> Decision:  # noqa: ARG001
    """Everybody signed in may ask for work; which jobs there are for them follows from the labeling teams in their token (engine)."""
    return Decision.ALLOW if caller else Decision.FORBID
