"""Labeling teams: who labels. A team is a workteam of the labeling service and a group of the user pool, both of the team's name."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from groundwork.access import ADMINISTRATORS
from groundwork.errors import ConflictError, InvalidRequestError, NameTakenError, NotFoundError
from groundwork.labeling_service import LabelingService
from groundwork.page_tokens import not_of_this_list
from groundwork.rules import Fault, fault
from groundwork.store import JobStore, Page
from groundwork.user_pool import UserPool

# API CreateWorkteam, WorkteamName and Description.
_NAME = re.compile(r"(?=.{1,63}\Z)[a-zA-Z0-9](?:-*[a-zA-Z0-9])*")
_DESCRIPTION = re.compile(r"[^\r\n]{1,200}")
_SERVICE_PAGE = 100  # API ListWorkteams, MaxResults
# How the service says that there is no such workteam: SageMaker itself has no error of its own for it.
_UNKNOWN = frozenset({"ValidationException", "ResourceNotFound", "ResourceNotFoundException"})


@dataclass(frozen=True, slots=True)
class LabelingTeam:
    """A labeling team. `members` are user names; None when the team's members are not a group of our user pool."""

    name: str
    arn: str
    description: str
    members: tuple[str, ...] | None

    @property
    def member_count(self) -> int | None:
        return None if self.members is None else len(self.members)

    def summary(self) -> dict[str, Any]:
        """The team as lists show it (api.md)."""
        return {"name": self.name, "arn": self.arn, "description": self.description, "member_count": self.member_count}

    @property
    def etag(self) -> str:
        seen = repr((self.arn, self.description, self.members))
        return f'"{hashlib.sha256(seen.encode()).hexdigest()[:16]}"'


def member_count(team: str) -> int | None:
    """How many workers the team has; None when there is no such team in the user pool that the environment names."""
    members = _user_pool().group_members(team) if _is_team_name(team) else None
    return None if members is None else len(members)


@cache
def _user_pool() -> UserPool:
    return UserPool.from_env()


def list_teams(service: LabelingService, user_pool: UserPool, *, limit: int, next_token: str | None) -> Page[LabelingTeam]:
    """A page of all teams by name, as the labeling service has them. Raises InvalidRequestError for a token of another list."""
    request: dict[str, Any] = {"SortBy": "Name", "SortOrder": "Ascending", "MaxResults": min(limit, _SERVICE_PAGE)}
    if next_token:
        request["NextToken"] = next_token
    try:
        answer = service.list_workteams(**request)
    except ClientError as error:
        if next_token and _code(error) == "ValidationException":
            raise not_of_this_list() from error
        raise
    return Page(tuple(_team(workteam, user_pool) for workteam in answer["Workteams"]), answer.get("NextToken") or None)


def read_team(service: LabelingService, user_pool: UserPool, name: str) -> LabelingTeam:
    """The team with its members. Raises NotFoundError."""
    return _team(_workteam(service, name), user_pool)


def create_team(service: LabelingService, user_pool: UserPool, *, name: str, description: str, client_id: str) -> LabelingTeam:
    """A new team, empty unless the user pool has a group of that name; its workers sign in with the app client `client_id`.

    The group comes first, and one that exists is taken as it is: repeating this after a crash finishes the work.
    Raises InvalidRequestError, NameTakenError, or the service's own refusal (botocore ClientError).
    """
    faults: list[Fault] = []
    if not _NAME.fullmatch(name):
        faults.append(fault("labeling-team.name-invalid", pointer="/name"))
    elif name.lower() == ADMINISTRATORS:
        faults.append(fault("labeling-team.name-reserved", pointer="/name", name=name))
    if not _DESCRIPTION.fullmatch(description):
        faults.append(fault("labeling-team.description-invalid", pointer="/description"))
    if faults:
        raise InvalidRequestError(faults)
    if _find_workteam(service, name) is not None:
        raise NameTakenError(f"A labeling team named {name!r} exists already.")
    user_pool.create_group(name, description)
    members = {"UserPool": user_pool.pool_id, "UserGroup": name, "ClientId": client_id}
    definitions = [{"CognitoMemberDefinition": members}]
    try:
        service.create_workteam(WorkteamName=name, Description=description, MemberDefinitions=definitions)
    except ClientError as error:
        if _code(error) == "ResourceInUse":
            raise NameTakenError(f"A labeling team named {name!r} exists already.") from error
        raise
    return read_team(service, user_pool, name)


def delete_team(service: LabelingService, user_pool: UserPool, store: JobStore, name: str) -> None:
    """Remove the team and its group; the people stay. Raises NotFoundError, or ConflictError while a labeling job not at rest uses it.

    Repeating it after a crash removes the group that was left.
    """
    for job in store.unsettled_jobs():
        if job.definition.labeling_team == name:
            raise ConflictError(f"Labeling job {job.name!r} is {job.status} and uses the team; stop it or wait for its end first.")
    try:
        service.delete_workteam(WorkteamName=_workteam(service, name)["WorkteamName"])
    except NotFoundError:
        if not _is_team_name(name) or not user_pool.delete_group(name):
            raise
    else:
        user_pool.delete_group(name)


def add_member(service: LabelingService, user_pool: UserPool, *, name: str, username: str) -> None:
    """Put a person into the team; the next token they sign in for carries it. Raises NotFoundError or InvalidRequestError."""
    _group(read_team(service, user_pool, name))
    if not user_pool.has_user(username):
        raise InvalidRequestError([fault("member.user-unknown", pointer="/username", username=username)])
    user_pool.add_to_group(name, username)


def remove_member(service: LabelingService, user_pool: UserPool, *, name: str, username: str) -> None:
    """Take a person out of the team. Raises NotFoundError when there is no such team or the person is not in it."""
    if username not in _group(read_team(service, user_pool, name)):
        raise NotFoundError(f"{username} is not in the labeling team {name!r}.")
    user_pool.remove_from_group(name, username)


def _group(team: LabelingTeam) -> tuple[str, ...]:
    if team.members is None:
        raise ConflictError(
            f"The members of labeling team {team.name!r} are not kept in Groundwork's user pool; change them where they are."
        )
    return team.members


def _workteam(service: LabelingService, name: str) -> dict[str, Any]:
    """The service's description of the team (API Workteam). Raises NotFoundError."""
    workteam = _find_workteam(service, name) if _is_team_name(name) else None
    if workteam is None:
        raise NotFoundError(f"There is no labeling team {name!r}.")
    return workteam


def _find_workteam(service: LabelingService, name: str) -> dict[str, Any] | None:
    try:
        workteam: dict[str, Any] = service.describe_workteam(WorkteamName=name)["Workteam"]
    except ClientError as error:
        if _code(error) in _UNKNOWN:
            return None
        raise
    return workteam


def _is_team_name(name: str) -> bool:
    """Whether a team may have the name; the administrators' group is never a team."""
    return name != ADMINISTRATORS and _NAME.fullmatch(name) is not None


def _team(workteam: dict[str, Any], user_pool: UserPool) -> LabelingTeam:
    name = workteam["WorkteamName"]
    return LabelingTeam(name, workteam["WorkteamArn"], workteam.get("Description", ""), user_pool.group_members(name))


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
