"""Shards own the lines that begin in them: every line is read once and whole, wherever the cuts fall."""

from itertools import pairwise
from typing import TYPE_CHECKING

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwork import manifest_shards
from groundwork.data_locations import S3Uri
from groundwork.manifest import MAX_LINE_BYTES, lines
from groundwork.manifest_shards import MAX_SHARDS, SHARD_BYTES, Shard, plan_shards, read_shard

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MANIFEST = S3Uri("pets-data", "pets.manifest")


def owned(file: bytes, shard: Shard, chunk: int) -> bytes:
    """What `read_shard` gives for a file in memory that comes in chunks of the given size."""
    first = max(shard.start - 1, 0)
    body = file[first : shard.end + MAX_LINE_BYTES + 3]
    return b"".join(manifest_shards._owned(iter([body[at : at + chunk] for at in range(0, len(body), chunk)]), first, shard))


@given(
    st.lists(st.sampled_from([b"\n", b"\r\n", b"a", b"bcd", b"\r"]), max_size=40).map(b"".join),
    st.integers(1, 12),
    st.integers(1, 9),
)
def test_the_shards_of_a_file_joined_are_the_file_and_each_ends_with_a_line(file: bytes, length: int, chunk: int) -> None:
    shards = [Shard(number, start, min(start + length, len(file))) for number, start in enumerate(range(0, len(file), length))]

    parts = [owned(file, shard, chunk) for shard in shards]

    assert b"".join(parts) == file
    assert all(part.endswith(b"\n") for part in parts if part and not file.endswith(part))
    assert [line for part in parts for line in lines([part])] == list(lines([file]))


def test_a_line_without_end_is_over_long_for_the_shard_it_begins_in_and_nothing_for_the_others() -> None:
    file = b"{}\n" + b"x" * (3 * MAX_LINE_BYTES)
    shards = [Shard(number, start, start + MAX_LINE_BYTES) for number, start in enumerate(range(0, len(file), MAX_LINE_BYTES))]

    read = [list(lines([owned(file, shard, 100_000)])) for shard in shards]

    assert [list(map(len, part)) for part in read] == [[2, MAX_LINE_BYTES + 1], [], [], []]


@pytest.mark.parametrize("size", [1, SHARD_BYTES, SHARD_BYTES + 1, 2 * 1024**3, 5 * 1024**3])
def test_shards_follow_each_other_and_are_neither_many_nor_small(size: int) -> None:
    shards = plan_shards(size)

    assert (shards[0].start, shards[-1].end) == (0, size)
    assert all(one.end == two.start for one, two in pairwise(shards))
    assert len(shards) <= MAX_SHARDS
    assert all(shard.end - shard.start >= SHARD_BYTES for shard in shards[:-1])


def test_an_empty_file_has_no_shards() -> None:
    assert plan_shards(0) == []


def test_a_shard_is_one_request_for_little_more_than_its_bytes() -> None:
    s3: S3Client = boto3.client("s3")
    s3.create_bucket(Bucket=MANIFEST.bucket)
    s3.put_object(Bucket=MANIFEST.bucket, Key=MANIFEST.key, Body=b"one\ntwo\nthree\n")
    asked: list[str] = []
    s3.meta.events.register("provide-client-params.s3.GetObject", lambda params, **_: asked.append(params["Range"]))

    assert b"".join(read_shard(s3, MANIFEST, Shard(1, 2, 6))) == b"two\n"

    assert asked == [f"bytes=1-{6 + MAX_LINE_BYTES + 2}"]
