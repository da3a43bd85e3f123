"""The people and groups of the Cognito user pool. A labeling team's members are the users in the group of its name."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from groundwork.lazy_client import client_on_first_use

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


@dataclass(frozen=True, slots=True)
class UserPool:
    """One user pool."""

    client: "CognitoIdentityProviderClient"
    pool_id: str

    @classmethod
    def from_env(cls) -> Self:
        """The pool that the environment names (USER_POOL_ID). A missing setting fails the cold start."""
        return cls(client_on_first_use("cognito-idp"), os.environ["USER_POOL_ID"])

    def has_user(self, username: str) -> bool:
        """Whether there is a user of exactly that name."""
        # API AdminGetUser: a name has 1 to 128 characters; botocore refuses an empty one before it is sent.
        if not 1 <= len(username) <= 128:
            return False
        exceptions = self.client.exceptions
        try:
            user = self.client.admin_get_user(UserPoolId=self.pool_id, Username=username)
        except (exceptions.UserNotFoundException, exceptions.InvalidParameterException):
            return False
        # Cognito also finds people by e-mail address or in another case; roles and groups go by the name that tokens carry.
        return user["Username"] == username

    def may_sign_in(self, username: str) -> bool:
        """Whether there is such a user, not disabled."""
        try:
            user = self.client.admin_get_user(UserPoolId=self.pool_id, Username=username)
        except self.client.exceptions.UserNotFoundException:
            return False
        return user["Username"] == username and user["Enabled"]

    def create_group(self, name: str, description: str) -> None:
        """Make the group. One that exists already stays as it is."""
        try:
            self.client.create_group(UserPoolId=self.pool_id, GroupName=name, Description=description)
        except self.client.exceptions.GroupExistsException:
            return

    def delete_group(self, name: str) -> bool:
        """Whether there was such a group."""
        try:
            self.client.delete_group(UserPoolId=self.pool_id, GroupName=name)
        except self.client.exceptions.ResourceNotFoundException:
            return False
        return True

    def group_members(self, name: str) -> tuple[str, ...] | None:
        """The names of the group's users, sorted; None when there is no such group."""
        names: list[str] = []
        request: dict[str, Any] = {"UserPoolId": self.pool_id, "GroupName": name, "Limit": 60}
        try:
            while True:
                page = self.client.list_users_in_group(**request)
                names += [user["Username"] for user in page["Users"]]
                if not page.get("NextToken"):
                    return tuple(sorted(names))
                request["NextToken"] = page["NextToken"]
        except self.client.exceptions.ResourceNotFoundException:
            return None

    def group_members_by_subject(self, name: str) -> dict[str, str]:
        """The names of the group's users by their `sub`; empty when there is no such group."""
        pages = self.client.get_paginator("list_users_in_group").paginate(UserPoolId=self.pool_id, GroupName=name)
        try:
            users = [user for page in pages for user in page["Users"]]
        except self.client.exceptions.ResourceNotFoundException:
            return {}
        return {attribute["Value"]: user["Username"] for user in users for attribute in user["Attributes"] if attribute["Name"] == "sub"}

    def add_to_group(self, group: str, username: str) -> None:
        """Repeating it is harmless. User and group must exist."""
        self.client.admin_add_user_to_group(UserPoolId=self.pool_id, GroupName=group, Username=username)

    def remove_from_group(self, group: str, username: str) -> None:
        """Repeating it is harmless. User and group must exist."""
        self.client.admin_remove_user_from_group(UserPoolId=self.pool_id, GroupName=group, Username=username)
