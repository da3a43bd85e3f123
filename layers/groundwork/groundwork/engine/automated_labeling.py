"""Automated labeling: a function of the customer's own proposes labels, and people label what it is not sure of.

The objects go to people in batches; the first is a random sample. Whenever people have finished a batch, the run machine asks the function
in three steps: `write_question` writes what people labeled so far and what nobody labeled yet, the machine invokes the function, and
`take_proposals` takes the labels that are sure enough and releases the next batch, the most uncertain objects first. What the function
proposes counts for this iteration only: it may think better of it when it has learned more.

Both steps read the tasks as they are, and each of their writes is conditional on the task, so doing one again does nothing twice.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import batched, groupby
from typing import TYPE_CHECKING, Any

from groundwork.data_locations import S3Uri
from groundwork.engine import store as engine_store
from groundwork.engine.answers import answer_of
from groundwork.engine.consolidation import LabelContext, ObjectAnswers, consolidate
from groundwork.engine.jobs import EngineJob
from groundwork.engine.leases import MachineLabel, Task
from groundwork.engine.loading import job_named
from groundwork.engine.output_tree import OutputTree, compact, encryption_of
from groundwork.engine.store import LABELED_AT_ONCE, RELEASED_AT_ONCE, EngineStore

if TYPE_CHECKING:
    from typing import IO

    from mypy_boto3_s3 import S3Client

# The version of the event, as that of Ground Truth's other functions.
_VERSION = "2018-10-16"
_OBJECTS_PER_CONSOLIDATION = 50
# What was begun by people, and lost in the engine's table, goes to people again before all else (see rebuilding.py).
_BEGUN = -1.0
_UNKNOWN = 0.0


class _UnusableProposalsError(Exception):
    """What the function wrote is not of the documented form."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the function is to be asked: its ARN and its event. `is_first`: there is nothing to learn from yet, so it is not asked."""

    iteration: int
    function: str
    event: Mapping[str, Any]
    is_first: bool


@dataclass(frozen=True, slots=True)
class Iteration:
    """What came of one iteration: labels taken, tasks released to people, objects that nobody labeled yet, and why the function was of no
    use, if it was not."""

    iteration: int
    machine_labeled: int
    released: int
    left: int
    failure: str | None


def write_question(name: str, store: EngineStore, s3: "S3Client") -> Question | None:
    """Write the files that the function reads; None when the job takes no more work.

    Each line of `labeled` is a manifest line with its label, as in the output manifest; each line of `unlabeled` is
    `{"datasetObjectId", "dataObject"}`. Raises NotFoundError.
    """
    job = job_named(name, store)
    if job.proposal_function is None or job.outcome is not None or job.status.is_at_rest:
        return None
    automation, files = store.automation(name), _Files(job, s3)
    context = _context(job)
    labeled = 0
    with tempfile.TemporaryFile() as learned, tempfile.TemporaryFile() as open_:
        for shard in store.shards(name):
            tasks = list(store.tasks(name, shard.number, page_size=engine_store.SHARD_SIZE))
            for line in _labeled_lines(job, context, tasks, shard.number, store, s3):
                learned.write(line + b"\n")
                labeled += 1
            for task in tasks:
                if _is_open(task) and not task.holds:
                    open_.write(compact({"datasetObjectId": str(task.number), "dataObject": json.loads(task.line)}) + b"\n")
        files.put(automation.iteration, "labeled.manifest", learned)
        files.put(automation.iteration, "unlabeled.jsonl", open_)
    # What an attempt before this one left.
    files.drop(automation.iteration, "proposals.jsonl")
    event = {
        "version": _VERSION,
        "labelingJobArn": job.arn,
        "taskType": job.task_type.key,
        "labelAttributeName": job.label_attribute,
        "labelCategories": list(job.label_names),
        "confidence": job.confidence,
        "iteration": automation.iteration,
        **{
            key: {"s3Uri": str(files.uri(automation.iteration, file))}
            for key, file in (("labeled", "labeled.manifest"), ("unlabeled", "unlabeled.jsonl"), ("proposals", "proposals.jsonl"))
        },
        **({"kmsKeyId": job.kms_key_id} if job.kms_key_id else {}),
    }
    return Question(automation.iteration, job.proposal_function, event, is_first=labeled == 0)


def take_proposals(
    name: str, iteration: int, store: EngineStore, s3: "S3Client", now: datetime, *, is_asked: bool = True, failure: str | None = None
) -> Iteration | None:
    """Take the labels that are sure enough, and release the next batch to people; None when that was done already.

    `failure` says why the function failed, if it did: then nothing is taken and the batch is a random one, so that people go on, and the
    function is asked again after them. So it is, too, when what it wrote cannot be used. Raises NotFoundError, or TaskChangedError when
    another attempt is doing the same: try again.
    """
    job, automation = job_named(name, store), store.automation(name)
    files = _Files(job, s3)
    if automation.iteration != iteration or job.outcome is not None or job.status.is_at_rest:
        return None
    proposals: dict[int, tuple[str, float]] = {}
    if is_asked and failure is None:
        try:
            proposals = _read_proposals(job, files.lines(iteration, "proposals.jsonl"))
        except _UnusableProposalsError as error:
            failure = f"{job.proposal_function}: {error}"
    taken, tasks_in_all = 0, 0
    unsure: list[tuple[float, bytes, int]] = []
    for shard in store.shards(name):
        sure: list[tuple[Task, MachineLabel]] = []
        tasks_in_all += shard.tasks
        for task in store.tasks(name, shard.number, page_size=engine_store.SHARD_SIZE):
            if not _is_open(task):
                continue
            label, confidence = (None, _BEGUN) if task.holds else proposals.get(task.number, (None, _UNKNOWN))
            if label is not None and confidence >= job.confidence:
                sure.append((task, MachineLabel(label, confidence, now)))
            else:
                unsure.append((confidence, _shuffled(job, task.number), task.number))
        for some in batched(sure, LABELED_AT_ONCE, strict=False):
            store.label_by_machine(name, shard.number, some)
        taken += len(sure)
    unsure.sort()
    chosen = [number for *_, number in unsure[: max(0, job.batch_size(tasks_in_all) - max(0, automation.unfinished))]]
    _release(job, chosen, automation.released, store)
    ended = Iteration(iteration, taken, len(chosen), len(unsure) - len(chosen), failure)
    files.put_document(iteration, "result.json", asdict(ended))
    store.end_iteration(name, iteration, is_over=ended.left == 0)
    return ended


def _release(job: EngineJob, numbers: Sequence[int], released: int, store: EngineStore) -> None:
    for some in batched(numbers, RELEASED_AT_ONCE, strict=False):
        tasks = store.numbered_tasks(job.key, some)
        store.release(job.key, [tasks[number] for number in some], released)
        released += len(some)


def _is_open(task: Task) -> bool:
    """Whether it is with nobody, and has no label."""
    return not task.is_settled and not task.is_released


def _shuffled(job: EngineJob, number: int) -> bytes:
    """An order that has nothing to do with that of the input, and is the same whenever it is asked for."""
    return hashlib.sha256(f"{job.arn}/{number}".encode()).digest()


def _context(job: EngineJob) -> LabelContext:
    return LabelContext(job.task_type, (job.label_categories or {}).get("labels", ()), f"labeling-job/{job.key}")


def _labeled_lines(
    job: EngineJob, context: LabelContext, tasks: Sequence[Task], shard: int, store: EngineStore, s3: "S3Client"
) -> Iterator[bytes]:
    """The lines of the tasks that people have finished, with the labels that their answers make."""
    finished = {task.number: task for task in tasks if task.is_finished}
    if not finished:
        return
    tree = OutputTree(job, s3)
    answered = [
        (
            finished[number],
            ObjectAnswers([answer_of(stored, stored.content or tree.answer_content(stored.content_key or "")) for stored in group], ""),
        )
        for number, group in groupby(store.answers(job.key, shard), key=lambda answer: answer.task)
        if number in finished
    ]
    for some in batched(answered, _OBJECTS_PER_CONSOLIDATION, strict=False):
        for (task, _), label in zip(some, consolidate(context, [entry for _, entry in some]), strict=True):
            attribute = job.label_attribute
            yield compact({**json.loads(task.line), attribute: label.value, f"{attribute}-metadata": label.metadata})


def _read_proposals(job: EngineJob, lines: Iterator[bytes]) -> dict[int, tuple[str, float]]:
    """Label and confidence by object. Raises _UnusableProposalsError."""
    proposals: dict[int, tuple[str, float]] = {}
    for place, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
            number, label, confidence = int(entry["datasetObjectId"]), entry["label"], entry["confidence"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise _UnusableProposalsError(
                f"Line {place} of its proposals is not of the form {{datasetObjectId, label, confidence}}."
            ) from None
        if label not in job.label_names:
            raise _UnusableProposalsError(f"Line {place} of its proposals has a label that the job does not have: {str(label)[:100]!r}.")
        if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
            raise _UnusableProposalsError(f"Line {place} of its proposals has a confidence that is not from 0 to 1.")
        proposals[number] = label, float(confidence)
    return proposals


class _Files:
    """The folder of each iteration in the job's output tree."""

    def __init__(self, job: EngineJob, s3: "S3Client") -> None:
        self._s3 = s3
        self._root = job.output_root
        self._encryption = encryption_of(job)

    def uri(self, iteration: int, file: str) -> S3Uri:
        return self._root.child(f"automated-labeling/iteration-{iteration}/{file}")

    def put(self, iteration: int, file: str, content: "IO[bytes]") -> None:
        content.seek(0)
        uri = self.uri(iteration, file)
        self._s3.upload_fileobj(content, uri.bucket, uri.key, ExtraArgs={"ContentType": "application/jsonl", **self._encryption})

    def put_document(self, iteration: int, file: str, document: Mapping[str, Any]) -> None:
        uri = self.uri(iteration, file)
        self._s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=compact(document), ContentType="application/json", **self._encryption)

    def drop(self, iteration: int, file: str) -> None:
        uri = self.uri(iteration, file)
        self._s3.delete_object(Bucket=uri.bucket, Key=uri.key)

    def lines(self, iteration: int, file: str) -> Iterator[bytes]:
        """The file's lines. Raises _UnusableProposalsError when there is none."""
        uri = self.uri(iteration, file)
        try:
            body = self._s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"]
        except self._s3.exceptions.ClientError as error:
            # S3 says so of a missing object too, to those who may not list the bucket.
            if error.response.get("Error", {}).get("Code") not in {"NoSuchKey", "AccessDenied"}:
                raise
            raise _UnusableProposalsError(f"It did not write {uri}.") from error
        return (line for line in body.iter_lines() if line.strip())
