"""People who sign in: administrators invite them, shut them out and let them in again. They are the users of the user pool.

Nobody is deleted: answers, histories and roles name people, and a name that is free again could come to mean somebody else.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from groundwork.access import ADMINISTRATORS
from groundwork.errors import ConflictError, InvalidRequestError, NameTakenError, NotFoundError
from groundwork.mail import is_address
from groundwork.page_tokens import not_of_this_list, page_token, place_as
from groundwork.rules import Fault, fault
from groundwork.store import Page
from groundwork.user_pool import UserPool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef

# Narrower than Cognito's, so that a name can stand in a path, in a message and in a group's listing as it is.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._@+-]{0,126}[A-Za-z0-9])?")
_SEARCHED = re.compile(r'[^"\\\x00-\x1f]{1,128}')
_MAX_PAGE = 60  # API ListUsers, Limit
# Cognito's own words for "there was no way to tell them": a limit of mails, or a refused address.
_NOT_MAILED = frozenset({"CodeDeliveryFailureException", "LimitExceededException"})


class Standing(StrEnum):
    """How far somebody is: asked in, or in with a password of their own. OTHER is what only an operator can bring about."""

    INVITED = "invited"
    CONFIRMED = "confirmed"
    OTHER = "other"


_STANDINGS = {"FORCE_CHANGE_PASSWORD": Standing.INVITED, "CONFIRMED": Standing.CONFIRMED}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in, unless disabled."""

    username: str
    email: str | None
    standing: Standing
    is_enabled: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PersonWithGroups:
    """A person, and what the groups they are in say of them."""

    person: Person
    is_admin: bool
    labeling_teams: tuple[str, ...]


class _Place(BaseModel):
    """Where in the list the next page begins, in the user pool's own words."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    search: str
    continuation: str


def list_people(user_pool: UserPool, *, search: str, limit: int, next_token: str | None) -> Page[Person]:
    """A page of the people whose user names begin with `search`; of all when it is empty. Raises InvalidRequestError."""
    if search and not _SEARCHED.fullmatch(search):
        problem = "it is longer than 128 characters, or holds quotation marks, backslashes or control characters"
        raise InvalidRequestError([fault("request.field-invalid", pointer="/search", field="search", problem=problem)])
    request: Any = {"UserPoolId": user_pool.pool_id, "Limit": min(limit, _MAX_PAGE)}
    if search:
        request["Filter"] = f'username ^= "{search}"'
    if next_token is not None:
        place = place_as(_Place, next_token)
        if place.search != search:
            raise not_of_this_list()
        request["PaginationToken"] = place.continuation
    try:
        found = user_pool.client.list_users(**request)
    except user_pool.client.exceptions.InvalidParameterException:
        if next_token is None:
            raise
        raise not_of_this_list() from None
    following = found.get("PaginationToken")
    people = tuple(
        _person(user["Username"], user["Attributes"], user["UserStatus"], enabled=user["Enabled"], at=user["UserCreateDate"])
        for user in found["Users"]
    )
    return Page(people, page_token({"search": search, "continuation": following}) if following else None)


def read_person(user_pool: UserPool, username: str) -> PersonWithGroups:
    """The person of exactly that name. Raises NotFoundError."""
    client = user_pool.client
    if not user_pool.has_user(username):
        raise _unknown(username)
    try:
        user = client.admin_get_user(UserPoolId=user_pool.pool_id, Username=username)
        pages = client.get_paginator("admin_list_groups_for_user").paginate(UserPoolId=user_pool.pool_id, Username=username)
        groups = sorted(group["GroupName"] for page in pages for group in page["Groups"])
    except client.exceptions.UserNotFoundException:
        raise _unknown(username) from None
    person = _person(username, user["UserAttributes"], user["UserStatus"], enabled=user["Enabled"], at=user["UserCreateDate"])
    return PersonWithGroups(person, ADMINISTRATORS in groups, tuple(name for name in groups if name != ADMINISTRATORS))


def invite_person(user_pool: UserPool, *, username: str, email: str) -> Person:
    """A new person, who gets a temporary password by mail. Raises InvalidRequestError, NameTakenError or ConflictError."""
    faults: list[Fault] = []
    if not _NAME.fullmatch(username):
        faults.append(fault("person.username-invalid", pointer="/username"))
    if not is_address(email):
        faults.append(fault("person.email-invalid", pointer="/email"))
    if faults:
        raise InvalidRequestError(faults)
    client = user_pool.client
    try:
        user = client.admin_create_user(
            UserPoolId=user_pool.pool_id,
            Username=username,
            # Verified, so that a forgotten password can be set anew through it.
            UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
            DesiredDeliveryMediums=["EMAIL"],
        )["User"]
    except client.exceptions.UsernameExistsException:
        raise NameTakenError(f"There is a person named {username!r} already.") from None
    except ClientError as error:
        raise _not_mailed(error) from error
    return _person(user["Username"], user["Attributes"], user["UserStatus"], enabled=user["Enabled"], at=user["UserCreateDate"])


def invite_again(user_pool: UserPool, username: str) -> PersonWithGroups:
    """Send the invitation once more, with a new temporary password. Raises NotFoundError, or ConflictError when it was accepted before."""
    found = read_person(user_pool, username)
    if found.person.standing is not Standing.INVITED:
        raise ConflictError(f"{username} has a password already; a forgotten one is set anew on the sign-in page.")
    if not found.person.is_enabled:
        raise ConflictError(f"{username} is disabled; enable the person first.")
    client = user_pool.client
    try:
        client.admin_create_user(UserPoolId=user_pool.pool_id, Username=username, MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"])
    except client.exceptions.UnsupportedUserStateException as error:
        raise ConflictError(f"{username} cannot be invited any more.") from error
    except ClientError as error:
        raise _not_mailed(error) from error
    return read_person(user_pool, username)


def disable_person(user_pool: UserPool, username: str, *, by: str) -> None:
    """Shut the person out: no more sign-in, no renewed session, no access keys. Repeating it is harmless.

    A token that was issued before stays good until it ends, which is within the hour. Raises NotFoundError, or ConflictError for oneself.
    """
    read_person(user_pool, username)
    if username == by:
        raise ConflictError("You cannot disable yourself; another administrator can.")
    user_pool.client.admin_disable_user(UserPoolId=user_pool.pool_id, Username=username)
    user_pool.client.admin_user_global_sign_out(UserPoolId=user_pool.pool_id, Username=username)


def enable_person(user_pool: UserPool, username: str) -> PersonWithGroups:
    """Let the person in again, with everything they had. Repeating it is harmless. Raises NotFoundError."""
    read_person(user_pool, username)
    user_pool.client.admin_enable_user(UserPoolId=user_pool.pool_id, Username=username)
    return read_person(user_pool, username)


def _person(username: str, attributes: "Sequence[AttributeTypeTypeDef]", status: str, *, enabled: bool, at: datetime) -> Person:
    email = next((attribute.get("Value") for attribute in attributes if attribute["Name"] == "email"), None)
    return Person(username, email, _STANDINGS.get(status, Standing.OTHER), enabled, at)


def _unknown(username: str) -> NotFoundError:
    return NotFoundError(f"There is no person named {username!r}.")


def _not_mailed(error: ClientError) -> Exception:
    """What to raise for the error: the refusal that it means, or the error itself."""
    if error.response["Error"]["Code"] not in _NOT_MAILED:
        return error
    return ConflictError("The invitation could not be mailed: too many mails were sent today, or the address is refused.")
