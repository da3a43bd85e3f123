"""Putting one S3 object together from pieces of others, in order, of any size.

S3 copies long pieces by itself (UploadPartCopy); only what is shorter than the 5 MiB that S3 demands of every part but the last comes
through here. Memory holds less than two such parts, whatever the size of the object.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from groundwork.data_locations import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Sources: Amazon S3 guide, "Multipart upload limits". A copied part may be as large as 5 GiB; smaller ones stay clear of timeouts.
MIN_PART_BYTES = 5 * 1024 * 1024
MAX_COPIED_BYTES = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of an object from `start` up to, and without, `end`."""

    uri: S3Uri
    start: int
    end: int


def concatenate(s3: "S3Client", pieces: Iterable[Piece | bytes], destination: S3Uri, **settings: Any) -> None:
    """Write the pieces one after the other to `destination`; the object appears when all of it is there.

    `bytes` among the pieces are written as they are. `settings` are CreateMultipartUpload's own (content type, encryption). Raises
    botocore's errors, and leaves nothing behind then. There must be at least one byte.
    """
    target: Any = {"Bucket": destination.bucket, "Key": destination.key}
    upload: Any = {**target, "UploadId": s3.create_multipart_upload(**target, **settings)["UploadId"]}
    parts: list[Any] = []
    try:
        for part in _parts(s3, pieces):
            number = len(parts) + 1
            if isinstance(part, bytes):
                etag = s3.upload_part(**upload, PartNumber=number, Body=part)["ETag"]
            else:
                source: Any = {"Bucket": part.uri.bucket, "Key": part.uri.key}
                copied = s3.upload_part_copy(
                    **upload, PartNumber=number, CopySource=source, CopySourceRange=f"bytes={part.start}-{part.end - 1}"
                )
                etag = copied["CopyPartResult"]["ETag"]
            parts.append({"PartNumber": number, "ETag": etag})
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    except BaseException:
        s3.abort_multipart_upload(**upload)
        raise


def _parts(s3: "S3Client", pieces: Iterable[Piece | bytes]) -> Iterator[Piece | bytes]:
    """The pieces cut and joined to legal parts: every one but the last has at least MIN_PART_BYTES."""
    held = b""
    for piece in pieces:
        if isinstance(piece, bytes):
            held += piece
            continue
        start = piece.start
        if held or piece.end - start < MIN_PART_BYTES:
            # Fill up what is held, so that S3 may copy the rest.
            start = min(piece.end, start + MIN_PART_BYTES - min(len(held), MIN_PART_BYTES))
            held += _read(s3, Piece(piece.uri, piece.start, start))
            if piece.end - start < MIN_PART_BYTES:
                held += _read(s3, Piece(piece.uri, start, piece.end))
                start = piece.end
            if len(held) >= MIN_PART_BYTES:
                yield held
                held = b""
        while start < piece.end:
            # Never so far that less than a legal part remains.
            end = piece.end if piece.end - start < MAX_COPIED_BYTES + MIN_PART_BYTES else start + MAX_COPIED_BYTES
            yield Piece(piece.uri, start, end)
            start = end
    if held:
        yield held


def _read(s3: "S3Client", piece: Piece) -> bytes:
    if piece.start == piece.end:
        return b""
    answer = s3.get_object(Bucket=piece.uri.bucket, Key=piece.uri.key, Range=f"bytes={piece.start}-{piece.end - 1}")
    return answer["Body"].read()
