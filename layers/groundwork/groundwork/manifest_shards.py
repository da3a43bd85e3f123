"""Shards of a manifest: byte ranges of which each owns the lines that begin in it, so that every line is read once and whole."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from groundwork.manifest import MAX_LINE_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from groundwork.data_locations import S3Uri

# What one function reads. Of lines of the shortest kind that is 800,000, whose sort keys take about 200 MB; a hundred thousand lines of the
# usual length are one shard, which takes the fewest requests.
SHARD_BYTES = 12 * 1024 * 1024
# More would not fit into what a state machine passes on (256 KB).
MAX_SHARDS = 256
_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Shard:
    """The bytes from `start` (inclusive) to `end` (exclusive)."""

    number: int
    start: int
    end: int


def plan_shards(size: int) -> list[Shard]:
    """Cut a manifest of `size` bytes. None for an empty one."""
    length = max(SHARD_BYTES, -(-size // MAX_SHARDS))
    return [Shard(number, start, min(start + length, size)) for number, start in enumerate(range(0, size, length))]


def read_shard(s3: "S3Client", manifest: "S3Uri", shard: Shard, **conditions: Any) -> Iterator[bytes]:
    """The bytes of the lines that begin in the shard, in chunks, by one request. `conditions` go to GetObject (IfMatch).

    A line that is longer than the longest legal one by more than two bytes may come without its end. Raises botocore's errors.
    """
    first = max(shard.start - 1, 0)
    last = shard.end + MAX_LINE_BYTES + 2
    body = s3.get_object(Bucket=manifest.bucket, Key=manifest.key, Range=f"bytes={first}-{last}", **conditions)["Body"]
    with closing(body):
        yield from _owned(body.iter_chunks(_CHUNK_BYTES), first, shard)


def _owned(chunks: Iterator[bytes], position: int, shard: Shard) -> Iterator[bytes]:
    """What lies between the first line feed at or after the byte before the shard, and the first at or after the shard's last byte."""
    begun = shard.start == 0
    for chunk in chunks:
        end = position + len(chunk)
        begin = 0
        if not begun:
            begin = chunk.find(b"\n") + 1
            begun = begin > 0
        if begun:
            stop = chunk.find(b"\n", max(shard.end - 1 - position, 0)) + 1 if end >= shard.end else 0
            if stop:
                yield chunk[begin:stop]
                return
            yield chunk[begin:]
        elif end >= shard.end - 1:
            return
        position = end
