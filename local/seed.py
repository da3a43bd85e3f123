"""What a fresh local stack is filled with: seven users, the project `demo` and its labeling team.

Users are made with Cognito's own operations, as an operator would; everything else goes through the HTTP API, signed in as the
administrator. Seeding again repairs what is missing and changes nothing else.
"""

import contextlib
import secrets
from typing import TYPE_CHECKING, Any

from local.aws import Aws
from local.client import ApiClient, UnexpectedAnswer, sign_in
from local.failures import StackError
from local.place import REGION

if TYPE_CHECKING:
    from local.address_file import Addresses

ADMINISTRATORS = "admins"  # the Cognito group that makes an administrator
PROJECT = "demo"
LABELING_TEAM = "demo-team"
WORKERS = ("worker-1", "worker-2", "worker-3")
USERNAMES = ("admin", "owner", "collaborator", "outsider", *WORKERS)


def passwords(known: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Username and password of every seeded user: the known ones stay, the others get a random one."""
    return {name: {"username": name, "password": known.get(name, {}).get("password") or _random_password()} for name in USERNAMES}


def seed(aws: Aws, addresses: "Addresses") -> None:
    """Makes users, team and project of the stack at `addresses`.

    Raises:
        StackError: the API answered something unexpected.
    """
    users: dict[str, dict[str, str]] = addresses["users"]
    for user in users.values():
        _ensure_user(aws, addresses["user_pool_id"], user["username"], user["password"])
    aws.cognito.admin_add_user_to_group(UserPoolId=addresses["user_pool_id"], Username="admin", GroupName=ADMINISTRATORS)

    token = sign_in(aws.place.endpoint_url, REGION, addresses["user_pool_client_id"], "admin", users["admin"]["password"])
    api = ApiClient(addresses["api_url"], token, attempts=5)
    try:
        _ensure(api, "/labeling-teams", {"name": LABELING_TEAM, "description": "Three workers for trying things out"})
        for worker in WORKERS:
            api.put(f"/labeling-teams/{LABELING_TEAM}/members/{worker}").expect(200, 201, 204)
        _ensure(api, "/projects", {"name": PROJECT, "description": "A place for trying things out", "owner": "owner"})
        api.put(f"/projects/{PROJECT}/members/collaborator", {"role": "collaborator"}).expect(200, 201, 204)
    except UnexpectedAnswer as answer:
        raise StackError(f"The stack could not be filled with the demo's project and team: {answer}") from answer


def _ensure_user(aws: Aws, user_pool_id: str, username: str, password: str) -> None:
    cognito = aws.cognito
    with contextlib.suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(
            UserPoolId=user_pool_id,
            Username=username,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "email", "Value": f"{username}@example.com"}, {"Name": "email_verified", "Value": "true"}],
        )
    cognito.admin_set_user_password(UserPoolId=user_pool_id, Username=username, Password=password, Permanent=True)


def _ensure(api: ApiClient, collection: str, body: dict[str, Any]) -> None:
    # 409 says that an earlier run made it.
    api.post(collection, body).expect(201, 409)


def _random_password() -> str:
    # 24 random characters carry 144 bits; the last four are there for pools that ask for every kind of character.
    return secrets.token_urlsafe(18) + "aA1!"
