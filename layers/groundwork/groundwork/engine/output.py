"""The end of a run: close the shards, consolidate what was answered, write the output tree, bring the job to rest.

Everything follows from the stored answers, so doing it again gives the same files, byte for byte.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import batched, groupby
from typing import TYPE_CHECKING, Any

from groundwork.engine.answers import Answer, answer_of
from groundwork.engine.consolidation import LabelContext, ObjectAnswers, consolidate, creation_date
from groundwork.engine.jobs import Counters, EngineJob, JobStatus, WaitOutcome
from groundwork.engine.leases import Task
from groundwork.engine.loading import input_lines
from groundwork.engine.output_tree import OutputTree, compact, write_all
from groundwork.engine.store import EngineStore, StoredAnswer, shard_of
from groundwork.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

# Ground Truth consolidates up to 50 objects in one call (seen in published job output).
_OBJECTS_PER_CONSOLIDATION = 50
# The form of lines that Ground Truth could not label (seen in published output manifests), with its causes in our words.
_FAILED = {
    "retry-count": 1,
    "failure-reason": "ClientError: Annotation tasks expired. Nobody answered before the task availability lifetime ended. "
    "Likely causes: the lifetime is too short, the labeling team has too few active workers, or the task cannot be shown.",
    "human-annotated": "true",
}


@dataclass(frozen=True, slots=True)
class Finished:
    """How a labeling job ended."""

    status: JobStatus
    labeling_job_arn: str


def finish(name: str, outcome: WaitOutcome, store: EngineStore, s3: "S3Client", now: datetime) -> Finished:
    """Write the output and bring the job to rest. A job at rest stays as it is. Raises NotFoundError, InputRefusedError."""
    job = store.job(name)
    if job is None:
        raise NotFoundError(f"There is no labeling job {name!r}.")
    if not job.status.is_at_rest:
        counters = write_output(job, outcome, store, s3)
        status = JobStatus.STOPPED if outcome is WaitOutcome.STOPPED else JobStatus.COMPLETED
        if not store.come_to_rest(name, status, now, counters=counters):
            # Somebody else brought it to rest meanwhile; theirs is the status that stands.
            job = store.job(name) or job
            status = job.status
        return Finished(status, job.arn)
    return Finished(job.status, job.arn)


def write_output(job: EngineJob, outcome: WaitOutcome, store: EngineStore, s3: "S3Client") -> Counters:
    """Close all shards to answers, then write the whole output tree. Raises InputRefusedError when the manifest it began with is gone.

    An object with all its answers is labeled. When the job was stopped, or reached its limit, one with fewer stays as it came in; when
    its time is over, fewer answers count too, and an object without any has failed (sms-data-output, sms-custom-templates-step3).
    """
    tree = OutputTree(job, s3)
    consolidation = _Consolidation(job, outcome, store, tree)
    shards = {shard.number for shard in store.shards(job.key)}
    with tempfile.TemporaryFile() as file:
        for shard, numbered in groupby(input_lines(job, s3), key=lambda entry: shard_of(entry[0])):
            additions: Mapping[int, Mapping[str, Any]] = {}
            if shard in shards:
                store.close_shard(job.key, shard, only_if_finished=False)
                additions = consolidation.of_shard(shard)
            for number, line in numbered:
                file.write(line if number not in additions else _augmented(line, job.label_attribute, additions[number]))
                file.write(b"\n")
        file.seek(0)
        tree.put_manifest(file)
    return Counters(consolidation.labeled, consolidation.failed, consolidation.unlabeled)


def _augmented(line: bytes, label_attribute: str, addition: Mapping[str, Any]) -> bytes:
    """The line with the label at its end. What an earlier job left under these names (a failure's metadata) gives way."""
    attributes = json.loads(line)
    for name in (label_attribute, f"{label_attribute}-metadata"):
        attributes.pop(name, None)
    return compact({**attributes, **addition})


class _Consolidation:
    """One pass over the shards, in order; counts objects by outcome."""

    def __init__(self, job: EngineJob, outcome: WaitOutcome, store: EngineStore, tree: OutputTree) -> None:
        self._job = job
        self._outcome = outcome
        self._store = store
        self._tree = tree
        categories = (job.label_categories or {}).get("labels", ())
        self._context = LabelContext(job.task_type, categories, f"labeling-job/{job.key}")
        self._last_batch_at: datetime | None = None
        self.labeled = self.failed = self.unlabeled = 0

    def of_shard(self, shard: int) -> Mapping[int, Mapping[str, Any]]:
        """What to add to each line of the shard, by line number; lines that stay as they are are not in it."""
        additions: dict[int, Mapping[str, Any]] = {}
        for batch in batched(self._labeled_objects(shard, additions), _OBJECTS_PER_CONSOLIDATION, strict=False):
            self._consolidate(batch, additions)
        return additions

    def _labeled_objects(self, shard: int, additions: dict[int, Mapping[str, Any]]) -> Iterator[tuple[Task, list[StoredAnswer]]]:
        # Tasks and answers both come in the order of task numbers, so one object's answers are in memory at a time.
        answers = groupby(self._store.answers(self._job.key, shard), key=lambda answer: answer.task)
        answered, group = next(answers, (None, iter(())))
        for task in self._store.tasks(self._job.key, shard):
            given: list[StoredAnswer] = []
            if answered == task.number:
                given = list(group)
                answered, group = next(answers, (None, iter(())))
            if given and (not self._outcome.leaves_the_rest or len(given) >= task.needed):
                self.labeled += 1
                yield task, given
            elif given or self._outcome.leaves_the_rest:
                self.unlabeled += 1
            else:
                self.failed += 1
                additions[task.number] = {f"{self._job.label_attribute}-metadata": _FAILED}

    def _consolidate(self, batch: Sequence[tuple[Task, list[StoredAnswer]]], additions: dict[int, Mapping[str, Any]]) -> None:
        objects = [self._object(task, [self._with_content(answer) for answer in stored]) for task, stored in batch]
        labels = consolidate(self._context, objects)
        request: list[dict[str, Any]] = []
        response: list[dict[str, Any]] = []
        writes: list[Callable[[], object]] = []
        last_submission = max(answer.submitted_at for _, answers in batch for answer in answers)
        for (task, stored), entry, label in zip(batch, objects, labels, strict=True):
            addition = {self._job.label_attribute: label.value, f"{self._job.label_attribute}-metadata": label.metadata}
            additions[task.number] = addition
            request.append(self._request_entry(task, stored))
            response.append({"datasetObjectId": str(task.number), "consolidatedAnnotation": {"content": addition}})
            writes.append(partial(self._tree.put_worker_response, task.number, entry.answers))
            if label.mask is not None:
                writes.append(partial(self._tree.put_mask, self._tree.mask_uri(task.number, creation_date(entry.answers)), label.mask))
        write_all(writes)
        self._tree.put_consolidation(self._time_of_batch(last_submission), request, response)

    def _object(self, task: Task, answers: Sequence[Answer]) -> ObjectAnswers:
        return ObjectAnswers(answers, str(self._tree.mask_uri(task.number, creation_date(answers))))

    def _time_of_batch(self, last_submission: datetime) -> datetime:
        """The last submission, but later than the batch before, because the time is the name of the batch's files."""
        at = last_submission.replace(microsecond=0)
        if self._last_batch_at is not None:
            at = max(at, self._last_batch_at + timedelta(seconds=1))
        self._last_batch_at = at
        return at

    def _with_content(self, stored: StoredAnswer) -> Answer:
        content = stored.content if stored.content is not None else self._tree.answer_content(stored.content_key or "")
        return answer_of(stored, content)

    def _request_entry(self, task: Task, answers: Sequence[StoredAnswer]) -> dict[str, Any]:
        """The object as Ground Truth hands it to a post-annotation function (sms-custom-templates-step3-lambda-requirements)."""
        source_attribute = self._job.task_type.source_attribute
        source = json.loads(task.line)[source_attribute]
        return {
            "datasetObjectId": str(task.number),
            "dataObject": {"content" if source_attribute == "source" else "s3Uri": source},
            "annotations": [
                {
                    "workerId": answer.worker_id,
                    "annotationData": {"content": answer.content}
                    if answer.content is not None
                    else {"s3Uri": str(self._tree.uri_of(answer.content_key or ""))},
                }
                for answer in answers
            ],
        }
