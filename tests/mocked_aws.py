"""moto as the tests of this folder use it: one mock that is emptied for each test, and ways around what makes it slow.

Nothing here changes what moto answers. Most of a test goes otherwise into making clients, registering addresses and copying whole tables.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import boto3
import moto.dynamodb.models
from joserfc import jwk
from moto.core.base_backend import BackendDict
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.utilities.utils import load_resource


class ClientsMadeOnce(boto3.Session):
    """A session that gives the same client to all who ask for the same; one that a test has listened to is that test's alone."""

    def __init__(self) -> None:
        super().__init__()
        self._clients: dict[str, Any] = {}
        self._listened_to: set[str] = set()

    def client(self, *args: Any, **kwargs: Any) -> Any:
        config = kwargs.get("config")
        asked_for = repr((args, {**kwargs, "config": config and sorted(vars(config).items(), key=str)}))
        if asked_for not in self._clients:
            client = super().client(*args, **kwargs)
            for register in ("register", "register_first", "register_last"):
                setattr(client.meta.events, register, self._noted(asked_for, getattr(client.meta.events, register)))
            self._clients[asked_for] = client
        return self._clients[asked_for]

    def _noted(self, asked_for: str, register: Callable[..., None]) -> Callable[..., None]:
        def noted(*args: Any, **kwargs: Any) -> None:
            self._listened_to.add(asked_for)
            register(*args, **kwargs)

        return noted

    def forget_what_a_test_listened_to(self) -> None:
        """The next who ask get new clients in place of those on which something was registered."""
        while self._listened_to:
            del self._clients[self._listened_to.pop()]


@contextmanager
def an_empty_aws(session: ClientsMadeOnce) -> Iterator[None]:
    """moto with nothing in it, and clients to which nobody listens."""
    BackendDict.reset()
    boto3.DEFAULT_SESSION = session
    yield
    session.forget_what_a_test_listened_to()


@contextmanager
def one_signing_key() -> Iterator[None]:
    """moto signs the tokens of every user pool with the same key and works it out anew for each: a sixth of a second."""
    key = jwk.RSAKey.import_key(load_resource("cognitoidp/resources/jwks-private.json"))
    with patch("moto.cognitoidp.models.jwk.RSAKey.import_key", return_value=key):
        yield


class _TablesAreNotCopied:
    """`copy` for moto's tables: a transaction keeps what it touches, see below, in place of the table."""

    def __getattr__(self, name: str) -> Any:
        return getattr(copy, name)

    @staticmethod
    def deepcopy(original: Any, memo: dict[int, Any] | None = None) -> Any:
        return original if isinstance(original, Table) else copy.deepcopy(original, memo)


@contextmanager
def small_transactions() -> Iterator[None]:
    """moto (5.2) copies the whole table for each item of a transaction, to have it back if the transaction fails."""
    transact_write_items = DynamoDBBackend.transact_write_items

    def transact(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        undo = [_undo(backend, operation) for item in transact_items for operation in item.values()]
        try:
            transact_write_items(backend, transact_items)
        except BaseException:
            for restore in undo:
                restore()
            raise

    with (
        patch.object(moto.dynamodb.models, "copy", _TablesAreNotCopied()),
        patch.object(DynamoDBBackend, "transact_write_items", transact),
    ):
        yield


def _undo(backend: DynamoDBBackend, operation: dict[str, Any]) -> Callable[[], None]:
    """Puts the item that `operation` is about back as it is now, and takes back what the table's stream told since."""
    table = backend.tables.get(operation["TableName"])
    if table is None:
        return lambda: None
    key = operation.get("Key") or operation["Item"]
    names = [table.hash_key_attr, table.range_key_attr]
    if None in names or any(name not in key for name in names):
        return lambda: None  # moto refuses it; and no table of ours has a key of one attribute
    hash_key, range_key = (DynamoType(key[name]) for name in names)
    former = copy.deepcopy(table.get_item(hash_key, range_key))
    told = len(table.stream_shard.items) if table.stream_shard else 0

    def restore() -> None:
        items: dict[DynamoType, Any] = table.items[hash_key]
        if former is None:
            items.pop(range_key, None)
        else:
            items[range_key] = former
        if table.stream_shard:
            del table.stream_shard.items[told:]

    return restore
