"""One S3 object out of pieces of others: in order, whole, by as few bytes through the function as S3 allows."""

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from groundwork import concatenation
from groundwork.concatenation import MIN_PART_BYTES, Piece, concatenate
from groundwork.data_locations import S3Uri
from tests.builders import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TO = S3Uri(BUCKET, "all")
SMALL, LEGAL = 10, MIN_PART_BYTES


def put(s3: "S3Client", key: str, size: int) -> tuple[Piece, bytes]:
    """An object of that size with bytes that tell where they stand; as a piece, and its bytes."""
    content = (key.encode() + b"0123456789abcdef") * (size // 16 + 1)
    s3.put_object(Bucket=BUCKET, Key=key, Body=content[:size])
    return Piece(S3Uri(BUCKET, key), 0, size), content[:size]


def read(s3: "S3Client") -> bytes:
    return s3.get_object(Bucket=BUCKET, Key="all")["Body"].read()


def parts_sent(s3: "S3Client") -> list[tuple[str, int]]:
    """What S3 is sent from now on: the parts that come through here with their size, and those that it copies itself."""
    sent: list[tuple[str, int]] = []
    events = s3.meta.events
    events.register("provide-client-params.s3.UploadPart", lambda params, **_: sent.append(("through", len(params["Body"]))))

    def copied(params: dict[str, Any], **_: Any) -> None:
        first, _dash, last = params["CopySourceRange"].removeprefix("bytes=").partition("-")
        sent.append(("copied", int(last) - int(first) + 1))

    events.register("provide-client-params.s3.UploadPartCopy", copied)
    return sent


@pytest.mark.parametrize(
    "sizes",
    [
        [SMALL],
        [SMALL, SMALL, SMALL],
        [LEGAL],
        [LEGAL, SMALL],
        [SMALL, LEGAL],
        [SMALL, 2 * LEGAL, SMALL],
        [SMALL, 2 * LEGAL - SMALL - 1, LEGAL],
        [LEGAL - 1, 1, LEGAL + 1],
        [LEGAL - 1, LEGAL - 1, LEGAL - 1],
    ],
)
def test_pieces_of_any_size_come_out_whole_and_in_order(data_bucket: "S3Client", sizes: list[int]) -> None:
    pieces = [put(data_bucket, f"piece {number}?", size) for number, size in enumerate(sizes)]

    concatenate(data_bucket, [piece for piece, _ in pieces], TO)

    assert read(data_bucket) == b"".join(content for _, content in pieces)


def test_what_is_long_enough_is_copied_inside_s3(data_bucket: "S3Client") -> None:
    (long, _), (short, _), (longer, _) = (put(data_bucket, str(size), size) for size in (LEGAL, SMALL, 3 * LEGAL))
    sent = parts_sent(data_bucket)

    concatenate(data_bucket, [long, short, longer], TO)

    assert sent == [("copied", LEGAL), ("through", LEGAL), ("copied", 2 * LEGAL + SMALL)]


def test_a_piece_longer_than_one_copy_may_be_is_copied_in_legal_parts(data_bucket: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concatenation, "MAX_COPIED_BYTES", 2 * LEGAL)
    piece, content = put(data_bucket, "long", 4 * LEGAL + SMALL)
    sent = parts_sent(data_bucket)

    concatenate(data_bucket, [piece], TO)

    assert read(data_bucket) == content
    assert sent == [("copied", 2 * LEGAL), ("copied", 2 * LEGAL + SMALL)]


def test_a_range_of_an_object_and_bytes_as_they_are_may_be_pieces(data_bucket: "S3Client") -> None:
    piece, content = put(data_bucket, "one", 100)

    concatenate(data_bucket, [Piece(piece.uri, 5, 7), b"\n", Piece(piece.uri, 90, 100)], TO, ContentType="application/jsonl")

    assert read(data_bucket) == content[5:7] + b"\n" + content[90:]
    assert data_bucket.head_object(Bucket=BUCKET, Key="all")["ContentType"] == "application/jsonl"


def test_nothing_is_left_behind_when_a_piece_is_missing(data_bucket: "S3Client") -> None:
    piece, _ = put(data_bucket, "one", LEGAL)

    with pytest.raises(ClientError):
        concatenate(data_bucket, [piece, Piece(S3Uri(BUCKET, "gone"), 0, LEGAL)], TO)

    assert "Uploads" not in data_bucket.list_multipart_uploads(Bucket=BUCKET)
    with pytest.raises(data_bucket.exceptions.NoSuchKey):
        read(data_bucket)
