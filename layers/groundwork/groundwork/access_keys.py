"""Access keys for the SageMaker-compatible endpoint: a key acts as the person who asked for it, in one project by default.

A key's secret is derived from its id by a key in KMS that never leaves KMS. So no secret is stored anywhere, and revoking the
key's item is the end of it at once.
"""

import base64
import hashlib
import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from groundwork.errors import ConflictError, InvalidRequestError, NotFoundError
from groundwork.lazy_client import client_on_first_use
from groundwork.rules import fault
from groundwork.store import AccessKey, JobStore

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

MAX_KEYS = 5
_ID_LETTERS = 16
# How long an Idempotency-Key gets the same access key again (api.md, Conventions).
_REPLAYED_FOR = timedelta(hours=24)
_SECRET_CHARACTERS = 40  # as long as AWS's
_MAX_REMEMBERED = 100


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Derives the secret of an access key from its id. What it derived lately it remembers, because each derivation is a call to KMS."""

    kms: "KMSClient"
    key_id: str
    _remembered: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_env(cls) -> Self:
        """Over the KMS key that the environment names (ACCESS_KEY_SECRETS_KEY). A missing setting fails the cold start."""
        return cls(client_on_first_use("kms"), os.environ["ACCESS_KEY_SECRETS_KEY"])

    def secret(self, access_key_id: str) -> str:
        """The secret: 40 characters, always the same for the same id."""
        if access_key_id not in self._remembered:
            message = f"groundwork access key {access_key_id}".encode()
            mac = self.kms.generate_mac(KeyId=self.key_id, MacAlgorithm="HMAC_SHA_256", Message=message)["Mac"]
            if len(self._remembered) >= _MAX_REMEMBERED:
                self._remembered.clear()
            self._remembered[access_key_id] = base64.b64encode(mac).decode()[:_SECRET_CHARACTERS]
        return self._remembered[access_key_id]


def issue(store: JobStore, *, owner: str, project: str | None, now: datetime, idempotency_key: str | None = None) -> tuple[AccessKey, bool]:
    """A new access key, and whether it is the one that an earlier request with this Idempotency-Key got.

    The answer to a repeated request is derived again and not kept, because it holds the secret. `project` is where jobs that are
    created with the key belong; None: the owner's first project at that moment. Raises InvalidRequestError, ConflictError.
    """
    if project is not None and store.role(project, owner) is None:
        raise InvalidRequestError([fault("access-key.project-unknown", pointer="/project", project=project)])
    key = AccessKey(_key_id(owner, idempotency_key), owner, project, now)
    if idempotency_key is not None and (earlier := store.access_key(key.id)) is not None:
        if earlier.project != project or now - earlier.created_at > _REPLAYED_FOR:
            raise ConflictError("This Idempotency-Key was used before, with another body or more than 24 hours ago.")
        return earlier, True
    if len(store.access_keys(owner)) >= MAX_KEYS:
        raise ConflictError(f"You have {MAX_KEYS} access keys, which is the most a person may have; delete one first.")
    store.create_access_key(key)
    return key, False


def revoke(store: JobStore, *, owner: str, access_key_id: str, now: datetime) -> None:
    """Make the key useless from now on. Raises NotFoundError when it is not one of the owner's."""
    key = store.access_key(access_key_id)
    if key is None or key.owner != owner:
        raise NotFoundError(f"You have no access key {access_key_id!r}.")
    store.revoke_access_key(access_key_id, now)


def _key_id(owner: str, idempotency_key: str | None) -> str:
    """Of the form of AWS's ids. With an Idempotency-Key it follows from who asks and that key."""
    chosen = secrets.token_bytes(16) if idempotency_key is None else hashlib.sha256(f"{owner}\n{idempotency_key}".encode()).digest()
    return "AKGW" + base64.b32encode(chosen).decode()[:_ID_LETTERS]
