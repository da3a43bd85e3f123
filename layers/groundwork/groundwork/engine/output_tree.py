"""A labeling job's output tree in S3: where each file is, and how it is written (facts of the layout: sms-data-output, and published
job outputs for the folders below `consolidated-annotation`).

One folder is ours: `annotations/answers/<datasetObjectId, nine digits>/<lease id>.json` holds each answer by itself, written before the
worker is told that it was accepted, and `<lease id>.declined.json` why a worker declined. Ground Truth's worker-response file is one per
object and exists only once the object has all its answers, which would be too late for an answer to survive the loss of the engine's
table. The nine digits put a shard's answers side by side in a listing (see rebuilding.py).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import batched, takewhile
from typing import IO, TYPE_CHECKING, Any, cast

from boto3.s3.transfer import TransferConfig

from groundwork.data_locations import S3Uri
from groundwork.engine.answers import Answer, answer_record, stored_answer
from groundwork.engine.jobs import EngineJob
from groundwork.engine.leases import Hold
from groundwork.engine.store import StoredAnswer

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Not more than a boto3 client keeps connections by default.
_WRITES_AT_ONCE = 10
_CHUNK = 1024 * 1024
_KEYS_IN_ONE_REQUEST = 1000
# One part after the other: several at once would each be in memory. S3 takes 10,000 parts, so this is enough for 150 GB.
_IN_PARTS = TransferConfig(multipart_threshold=16 * _CHUNK, multipart_chunksize=16 * _CHUNK, use_threads=False)
_ANSWERS = "annotations/answers"
_CONTENT = ".content.json"
_DECLINE = ".declined.json"
_CONSOLIDATED = "annotations/consolidated-annotation"


def compact(value: Any) -> bytes:
    """JSON as Ground Truth writes it: no spaces, text as UTF-8 (escaped only where a worker sent what UTF-8 cannot carry)."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


class OutputTree:
    """The files below `<S3OutputPath>/<LabelingJobName>/`. Writing one again replaces it."""

    def __init__(self, job: EngineJob, s3: "S3Client") -> None:
        self._s3 = s3
        self._root = job.output_root
        self._manifest = job.output_manifest
        self._encryption = encryption_of(job)

    # --- answers -------------------------------------------------------------------------------------------------

    def put_answer(self, stored: StoredAnswer, content: str) -> None:
        """The durable copy of one answer."""
        self._put(f"{_ANSWERS}/{stored.task:09d}/{stored.lease_id}.json", compact(answer_record(stored, content)))

    def stored_answers(self, first: int, last: int) -> Iterator[StoredAnswer]:
        """What the durable copies say of the answers to the objects from number `first` to `last`."""
        keys = self._kept_of(first, last)
        return map(stored_answer, self._documents(key for key in keys if not key.endswith((_CONTENT, _DECLINE))))

    def put_decline(self, task: int, worker_id: str, hold: Hold, at: datetime) -> None:
        """The durable copy of a worker's reason not to label an object."""
        document = {
            "datasetObjectId": str(task),
            "workerId": worker_id,
            "leaseId": hold.lease_id,
            "acceptedAt": hold.granted_at.isoformat(),
            "declinedAt": at.isoformat(),
            "reason": hold.declined,
            "instructionsVersion": hold.instructions,
        }
        self._put(f"{_ANSWERS}/{task:09d}/{hold.lease_id}{_DECLINE}", compact(document))

    def declines(self, first: int, last: int) -> Iterator[tuple[int, str, Hold]]:
        """What the durable copies say of declines of the objects from number `first` to `last`: object, worker and lease."""
        for found in self._documents(key for key in self._kept_of(first, last) if key.endswith(_DECLINE)):
            granted, declined = (datetime.fromisoformat(found[name]) for name in ("acceptedAt", "declinedAt"))
            hold = Hold(
                found["leaseId"], granted, declined, declined=found["reason"], instructions=found["instructionsVersion"], is_over=True
            )
            yield int(found["datasetObjectId"]), found["workerId"], hold

    def _kept_of(self, first: int, last: int) -> Iterator[str]:
        """The keys of the durable copies of what workers did to the objects from number `first` to `last`."""
        prefix = self._root.child(f"{_ANSWERS}/").key
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._root.bucket, Prefix=prefix, StartAfter=f"{prefix}{first:09d}", PaginationConfig={"PageSize": _KEYS_IN_ONE_REQUEST}
        )
        listed = (entry["Key"] for page in pages for entry in page.get("Contents", ()))
        return takewhile(lambda key: key < f"{prefix}{last + 1:09d}", listed)

    def _documents(self, keys: Iterator[str]) -> Iterator[dict[str, Any]]:
        with ThreadPoolExecutor(_WRITES_AT_ONCE) as pool:
            for some in batched(keys, _KEYS_IN_ONE_REQUEST, strict=False):
                yield from pool.map(lambda key: json.loads(self.answer_content(key)), some)

    def put_answer_content(self, task: int, lease_id: str, digest: str, content: str) -> str:
        """An answer's content that is too large for the table. Gives its key, which names the content, so no other can replace it."""
        return self._put(f"{_ANSWERS}/{task:09d}/{lease_id}.{digest[:16]}{_CONTENT}", content.encode())

    def answer_content(self, key: str) -> str:
        """What `put_answer_content` put under `key`."""
        return self._s3.get_object(Bucket=self._root.bucket, Key=key)["Body"].read().decode()

    def uri_of(self, key: str) -> S3Uri:
        return S3Uri(self._root.bucket, key)

    # --- consolidation -------------------------------------------------------------------------------------------

    @property
    def annotations(self) -> S3Uri:
        return self._root.child("annotations")

    def worker_response_uri(self, task: int, answers: Sequence[Answer]) -> S3Uri:
        """Where all answers to one object are, named after the last submission."""
        name = _seconds(max(answer.submitted_at for answer in answers))
        return self._root.child(f"annotations/worker-response/iteration-1/{task}/{name}.json")

    def put_worker_response(self, task: int, answers: Sequence[Answer]) -> None:
        """All answers to one object, oldest first."""
        in_order = sorted(answers, key=lambda answer: (answer.submitted_at, answer.worker_id))
        body = compact({"answers": [answer.document() for answer in in_order]})
        self._put_at(self.worker_response_uri(task, answers).key, body)

    def put_consolidation_request(self, at: datetime, request: Sequence[Any]) -> S3Uri:
        """What one consolidation call is given."""
        return self.uri_of(self._put(f"{_CONSOLIDATED}/consolidation-request/iteration-1/{_seconds(at)}.json", compact(request)))

    def put_consolidation_response(self, at: datetime, response: Sequence[Any]) -> None:
        """What that call made of it."""
        self._put(f"{_CONSOLIDATED}/consolidation-response/iteration-1/{_seconds(at)}.json", compact(response))

    def mask_uri(self, task: int, creation_date: str) -> S3Uri:
        return self._root.child(f"{_CONSOLIDATED}/output/{task}_{creation_date}.png")

    def put_mask(self, uri: S3Uri, png: bytes) -> None:
        self._s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=png, ContentType="image/png", **self._encryption)

    def put_manifest(self, chunks: Iterator[bytes]) -> None:
        """The augmented manifest, in a stream: memory holds one part of the upload."""
        file = cast("IO[bytes]", _Stream(chunks))
        extra = {"ContentType": "application/jsonl", **self._encryption}
        self._s3.upload_fileobj(file, self._manifest.bucket, self._manifest.key, ExtraArgs=extra, Config=_IN_PARTS)

    def _put(self, relative: str, body: bytes) -> str:
        return self._put_at(self._root.child(relative).key, body)

    def _put_at(self, key: str, body: bytes) -> str:
        self._s3.put_object(Bucket=self._root.bucket, Key=key, Body=body, ContentType="application/json", **self._encryption)
        return key


class OutputParts:
    """The lines of the output manifest, and the tally of their quality, for each range of the input, until they are put together.

    They lie in the data bucket where no project reaches, because what is in them goes into the output unread. Each round has its own, so
    that two at once do not take away each other's.
    """

    def __init__(self, job: EngineJob, s3: "S3Client", data_bucket: str, round_: str) -> None:
        self._s3 = s3
        self._bucket = data_bucket
        self._prefix = f"engine/parts/{job.key}/{round_}/"
        self._encryption = encryption_of(job)

    def put(self, number: int, file: IO[bytes]) -> None:
        self._s3.upload_fileobj(file, self._bucket, self._key(number), ExtraArgs=self._encryption, Config=_IN_PARTS)

    def chunks(self, number: int) -> Iterator[bytes]:
        body = self._s3.get_object(Bucket=self._bucket, Key=self._key(number))["Body"]
        return body.iter_chunks(_CHUNK)

    def put_tally(self, number: int, document: bytes) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=self._tally_key(number), Body=document, **self._encryption)

    def tallies(self, numbers: Sequence[int]) -> Iterator[bytes]:
        return (self._s3.get_object(Bucket=self._bucket, Key=self._tally_key(number))["Body"].read() for number in numbers)

    def drop(self, count: int) -> None:
        """Delete the first `count` parts; those that are not there do not matter."""
        keys = [key for number in range(count) for key in (self._key(number), self._tally_key(number))]
        for some in batched(keys, _KEYS_IN_ONE_REQUEST, strict=False):
            self._s3.delete_objects(Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True})

    def _key(self, number: int) -> str:
        return f"{self._prefix}{number:05d}.jsonl"

    def _tally_key(self, number: int) -> str:
        return f"{self._prefix}{number:05d}.quality.json"


class _Stream:
    """Chunks as a file that is read from beginning to end."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._begun = bytearray()

    def read(self, size: int = -1) -> bytes:
        """`size` bytes, or all of what is left; fewer only at the end."""
        while (size < 0 or len(self._begun) < size) and (chunk := next(self._chunks, None)) is not None:
            self._begun += chunk
        taken = bytes(self._begun if size < 0 else self._begun[:size])
        del self._begun[: len(taken)]
        return taken


def encryption_of(job: EngineJob) -> dict[str, Any]:
    """What to say with every write of the job's files."""
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": job.kms_key_id} if job.kms_key_id else {}


def write_all(writes: Sequence[Callable[[], object]]) -> None:
    """Do these writes, several at a time; the first error is raised once all have ended."""
    with ThreadPoolExecutor(_WRITES_AT_ONCE) as pool:
        for done in [pool.submit(write) for write in writes]:
            done.result()


def _seconds(moment: datetime) -> str:
    """As file names carry times. The colons are Ground Truth's."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d_%H:%M:%S")
