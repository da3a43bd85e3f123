"""Access keys: a person's own, shown once, good until revoked."""

from datetime import UTC, datetime, timedelta

import pytest

from groundwork import access_keys
from groundwork.access_keys import MAX_KEYS, SecretSource
from groundwork.errors import ConflictError, InvalidRequestError, NotFoundError
from groundwork.store import JobStore
from tests.api_events import make_access_key_secrets_key
from tests.builders import a_project

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def store(jobs_table: object) -> JobStore:
    store = JobStore.from_env()
    a_project(store, "pets", owner="ann")
    make_access_key_secrets_key()
    return store


def test_a_key_is_known_until_its_owner_revokes_it(store: JobStore) -> None:
    key, _ = access_keys.issue(store, owner="ann", project="pets", now=NOW)

    assert store.access_key(key.id) == key
    access_keys.revoke(store, owner="ann", access_key_id=key.id, now=NOW)

    assert store.access_key(key.id) is None
    assert store.access_keys("ann") == ()


def test_nobody_revokes_somebody_elses_key(store: JobStore) -> None:
    key, _ = access_keys.issue(store, owner="ann", project=None, now=NOW)

    with pytest.raises(NotFoundError):
        access_keys.revoke(store, owner="bob", access_key_id=key.id, now=NOW)

    assert store.access_key(key.id) == key


def test_a_key_is_for_a_project_of_its_owner(store: JobStore) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        access_keys.issue(store, owner="bob", project="pets", now=NOW)

    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("/project", "access-key.project-unknown")]


def test_a_person_has_a_handful_of_keys_at_most(store: JobStore) -> None:
    for _ in range(MAX_KEYS):
        access_keys.issue(store, owner="ann", project=None, now=NOW)

    with pytest.raises(ConflictError, match="delete one first"):
        access_keys.issue(store, owner="ann", project=None, now=NOW)


def test_repeating_a_request_gives_the_same_key_for_a_day(store: JobStore) -> None:
    first, is_replayed = access_keys.issue(store, owner="ann", project="pets", now=NOW, idempotency_key="once")
    again, is_replayed_again = access_keys.issue(store, owner="ann", project="pets", now=NOW, idempotency_key="once")

    assert (is_replayed, is_replayed_again) == (False, True)
    assert again == first
    with pytest.raises(ConflictError):
        access_keys.issue(store, owner="ann", project=None, now=NOW, idempotency_key="once")
    with pytest.raises(ConflictError):
        access_keys.issue(store, owner="ann", project="pets", now=NOW + timedelta(hours=25), idempotency_key="once")
    other, _ = access_keys.issue(store, owner="bob", project=None, now=NOW, idempotency_key="once")
    assert other.id != first.id


def test_a_revoked_key_does_not_come_back_by_repeating_the_request(store: JobStore) -> None:
    key, _ = access_keys.issue(store, owner="ann", project="pets", now=NOW, idempotency_key="once")
    access_keys.revoke(store, owner="ann", access_key_id=key.id, now=NOW)

    with pytest.raises(ConflictError):
        access_keys.issue(store, owner="ann", project="pets", now=NOW, idempotency_key="once")

    assert store.access_key(key.id) is None


def test_a_secret_follows_from_its_key_and_is_stored_nowhere(store: JobStore) -> None:
    source = SecretSource.from_env()
    key, _ = access_keys.issue(store, owner="ann", project="pets", now=NOW)

    secret = source.secret(key.id)

    assert len(secret) == 40
    assert secret == SecretSource.from_env().secret(key.id) != source.secret("AKGWANOTHER")
    assert secret not in str(store.client.scan(TableName="jobs")["Items"])
