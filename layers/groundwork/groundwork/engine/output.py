"""The output of a labeling job: consolidate what was answered, range by range, and put the output manifest together.

The run machine does so in three steps: `plan` says which ranges of the manifest are to be consolidated, `consolidate` does one of them,
`assemble` writes the manifest from all. While the job runs it writes the output now and then with the ranges whose shards are finished;
what was consolidated then is not consolidated again at the end. A round is what belongs together: RUN for the job's own run, or a name
of its own for every time that a job at rest is consolidated again.

Everything follows from the stored answers, so doing it again gives the same files, byte for byte.
"""

import json
import math
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import batched, groupby
from typing import TYPE_CHECKING, Any, Self

import boto3

from groundwork.data_locations import S3Uri
from groundwork.engine import store as engine_store
from groundwork.engine.answers import Answer, answer_of
from groundwork.engine.consolidation import Label, LabelContext, ObjectAnswers, consolidate, creation_date, custom_label, label_by_machine
from groundwork.engine.jobs import Counters, EngineJob, JobStatus, WaitOutcome
from groundwork.engine.leases import Task
from groundwork.engine.loading import input_lines, job_named, range_of
from groundwork.engine.output_tree import OutputParts, OutputTree, compact, encryption_of, write_all
from groundwork.engine.quality import Tally, report_key, summary, tally_document, tally_key
from groundwork.engine.store import EngineStore, Shard, ShardResult, StoredAnswer, shard_numbers, shard_of
from groundwork.labeling_functions import ConsolidationJob, LabelingFunctionError, LabelingFunctions
from groundwork.manifest import ManifestRange
from groundwork.task_types import CUSTOM

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

# The round of a job's own run.
RUN = "run"
# Ground Truth consolidates up to 50 objects in one call (seen in published job output).
_OBJECTS_PER_CONSOLIDATION = 50
# How long the job's own consolidation function may take for one call; a range has eight calls, unless the job has 100,000 objects or more.
_SECONDS_A_CALL = 50
# Ground Truth's causes in our words.
_EXPIRED = (
    "ClientError: Annotation tasks expired. Nobody answered before the task availability lifetime ended. "
    "Likely causes: the lifetime is too short, the labeling team has too few active workers, or the task cannot be shown."
)


@dataclass(frozen=True, slots=True)
class Finished:
    """How a labeling job ended."""

    status: JobStatus
    labeling_job_arn: str


class Output:
    """What the run machine's functions do for the output. All methods raise NotFoundError when there is no such job."""

    def __init__(self, store: EngineStore, s3: "S3Client", data_bucket: str, functions: LabelingFunctions) -> None:
        self._store = store
        self._s3 = s3
        self._data_bucket = data_bucket
        self._functions = functions

    @classmethod
    def from_env(cls) -> Self:
        """Over the table and the bucket that the environment names. A missing setting fails the cold start."""
        return cls(EngineStore.from_env(), boto3.client("s3"), os.environ["DATA_BUCKET"], LabelingFunctions(seconds=_SECONDS_A_CALL))

    def plan(self, name: str, round_: str, outcome: WaitOutcome) -> list[int] | None:
        """The numbers of the ranges that this round is still to consolidate, or None when the round has no business with the job.

        `outcome` is why the wait ended; after INTERIM only ranges count whose shards are all closed. Any other outcome settles what the
        labels are made of, so from here on workers get no more leases, and an outcome that was settled earlier stands.
        """
        job = job_named(name, self._store)
        ranges = self._store.plan(name)
        if ranges is None or (round_ == RUN) is job.status.is_at_rest:
            return None
        job = self._store.note_interim_output(name) if outcome is WaitOutcome.INTERIM else self._store.settle_outcome(name, outcome)
        shards = {shard.number: shard for shard in self._store.shards(name)}
        return [
            number
            for number, planned in enumerate(ranges)
            if not _is_done(planned, shards, round_) and (job.outcome is not None or _is_closed(planned, shards))
        ]

    def consolidate(self, name: str, number: int, round_: str) -> Counters:
        """Write the output's lines of one range, and the files that stand behind them; gives the range's objects by outcome.

        Once the job's outcome is settled, shards that are open are closed to answers first. An object with all its answers is labeled.
        When the job was stopped, or reached its limit, one with fewer stays as it came in; when its time is over, fewer answers count
        too, and an object without any has failed (sms-data-output, sms-custom-templates-step3). Raises InputRefusedError when the
        manifest that the job began with is gone.

        A consolidation function of the job's own that fails fails the objects of the call. While the job runs, nothing is kept of a range
        where it did, so that it is asked again later; at rest, the job may be consolidated again.
        """
        job = job_named(name, self._store)
        planned = range_of(name, number, self._store)
        consolidation = _Consolidation(job, self._store, OutputTree(job, self._s3), self._functions)
        loaded = {shard.number for shard in self._store.shards_of(name, planned)}
        counted: dict[int, Counters] = {}
        disagreements: dict[int, Mapping[int, float]] = {}
        with tempfile.TemporaryFile() as file:
            for shard, lines in groupby(input_lines(job, planned, self._s3), key=lambda entry: shard_of(entry[0])):
                additions: Mapping[int, Mapping[str, Any]] = {}
                if shard in loaded:
                    if job.outcome is not None:
                        self._store.close_shard(name, shard, only_if_finished=False)
                    additions, counted[shard] = consolidation.of_shard(shard)
                    disagreements[shard] = consolidation.disagreements
                for line_number, line in lines:
                    addition = additions.get(line_number)
                    file.write(line if addition is None else _augmented(line, job.label_attribute, addition))
                    file.write(b"\n")
            file.seek(0)
            self._parts(job, round_).put(number, file)
        if consolidation.has_failed_calls and job.outcome is None:
            return sum(counted.values(), start=Counters())
        self._parts(job, round_).put_tally(number, compact(consolidation.tally.document()))
        for shard, counters in counted.items():
            self._store.keep_result(name, shard, ShardResult(round_, counters), disagreements[shard])
        return sum(counted.values(), start=Counters())

    def assemble(self, name: str, round_: str, now: datetime) -> Finished | None:
        """Write the output manifest, and bring the job to rest once its outcome is settled; None when it was not.

        While a job runs, ranges that are not consolidated yet stand in its output as they came in. Raises InputRefusedError.
        """
        job = job_named(name, self._store)
        if round_ == RUN and job.status.is_at_rest:
            return Finished(job.status, job.arn)
        ranges = self._store.plan(name) or []
        shards = {shard.number: shard for shard in self._store.shards(name)}
        OutputTree(job, self._s3).put_manifest(self._lines(job, ranges, shards, round_))
        self._report_quality(
            job, round_, [number for number, planned in enumerate(ranges) if self._is_written(job, planned, shards, round_)]
        )
        if job.outcome is None:
            return None
        counters = sum((shard.result.counters for shard in shards.values() if shard.result), start=Counters())
        if round_ == RUN:
            job = self._come_to_rest(job, counters, now)
        else:
            self._store.keep_counters(name, counters)
        self._parts(job, round_).drop(len(ranges))
        return Finished(job.status, job.arn)

    def _lines(self, job: EngineJob, ranges: Sequence[ManifestRange], shards: Mapping[int, Shard], round_: str) -> Iterator[bytes]:
        for number, planned in enumerate(ranges):
            if self._is_written(job, planned, shards, round_):
                yield from self._parts(job, round_).chunks(number)
            else:
                yield from (line + b"\n" for _, line in input_lines(job, planned, self._s3))

    def _is_written(self, job: EngineJob, planned: ManifestRange, shards: Mapping[int, Shard], round_: str) -> bool:
        return job.outcome is not None or _is_done(planned, shards, round_)

    def _report_quality(self, job: EngineJob, round_: str, written: Sequence[int]) -> None:
        tally = Tally.total(Tally.of(json.loads(document)) for document in self._parts(job, round_).tallies(written))
        context = _context_of(job)
        for key, document in ((report_key(job.key), summary(context, tally)), (tally_key(job.key), tally_document(context, tally))):
            self._s3.put_object(Bucket=self._data_bucket, Key=key, Body=compact(document), **encryption_of(job))

    def _come_to_rest(self, job: EngineJob, counters: Counters, now: datetime) -> EngineJob:
        status = JobStatus.STOPPED if job.outcome is WaitOutcome.STOPPED else JobStatus.COMPLETED
        if self._store.come_to_rest(job.key, status, now, counters=counters):
            return replace(job, status=status)
        # Somebody else brought it to rest meanwhile; theirs is the status that stands.
        return job_named(job.key, self._store)

    def _parts(self, job: EngineJob, round_: str) -> OutputParts:
        return OutputParts(job, self._s3, self._data_bucket, round_)


def _is_done(planned: ManifestRange, shards: Mapping[int, Shard], round_: str) -> bool:
    """Whether this round has written the range's lines."""
    found = [shards.get(number) for number in shard_numbers(planned)]
    return all(shard is not None and shard.result is not None and shard.result.round == round_ for shard in found)


def _is_closed(planned: ManifestRange, shards: Mapping[int, Shard]) -> bool:
    found = [shards.get(number) for number in shard_numbers(planned)]
    return all(shard is not None and shard.is_closed for shard in found)


def _augmented(line: bytes, label_attribute: str, addition: Mapping[str, Any]) -> bytes:
    """The line with the label at its end. What an earlier job left under these names (a failure's metadata) gives way."""
    attributes = json.loads(line)
    for name in (label_attribute, f"{label_attribute}-metadata"):
        attributes.pop(name, None)
    return compact({**attributes, **addition})


def _reason(task: Task) -> str:
    """Why nobody answered."""
    if task.failure is not None:
        return task.failure
    return f"ClientError: Workers declined the object: {'; '.join(task.reasons)}" if task.is_aside else _EXPIRED


def _context_of(job: EngineJob) -> LabelContext:
    # What a customer's function makes of answers has a form of its own, whatever workers were shown.
    task_type = CUSTOM if job.consolidation_function else job.task_type
    return LabelContext(task_type, (job.label_categories or {}).get("labels", ()), f"labeling-job/{job.key}")


class _Consolidation:
    """Consolidates shards, and counts their objects by outcome; `tally` has the quality of all of them, `disagreements` that of each
    object of the last shard."""

    def __init__(self, job: EngineJob, store: EngineStore, tree: OutputTree, functions: LabelingFunctions) -> None:
        self._job = job
        self._functions = functions
        # A range that is consolidated while the job runs has all its answers.
        self._outcome = job.outcome or WaitOutcome.DONE
        self._store = store
        self._tree = tree
        self._context = _context_of(job)
        self.tally = Tally()
        self.disagreements: dict[int, float] = {}
        self.has_failed_calls = False
        self._labeled = self._failed = self._unlabeled = self._machine_labeled = 0

    def of_shard(self, shard: int) -> tuple[Mapping[int, Mapping[str, Any]], Counters]:
        """What to add to each line of the shard, by line number, and its objects by outcome. Lines that stay as they are are not in it."""
        self._labeled = self._failed = self._unlabeled = self._machine_labeled = 0
        self.disagreements = {}
        additions: dict[int, Mapping[str, Any]] = {}
        labeled = self._labeled_objects(shard, additions)
        for call, batch in enumerate(batched(labeled, _OBJECTS_PER_CONSOLIDATION, strict=False)):
            self._consolidate(shard, call, batch, additions)
        return additions, Counters(self._labeled, self._failed, self._unlabeled, self._machine_labeled)

    def _labeled_objects(self, shard: int, additions: dict[int, Mapping[str, Any]]) -> Iterator[tuple[Task, list[StoredAnswer]]]:
        # Tasks and answers both come in the order of task numbers, so one object's answers are in memory at a time.
        answers = groupby(self._store.answers(self._job.key, shard), key=lambda answer: answer.task)
        answered, group = next(answers, (None, iter(())))
        for task in self._store.tasks(self._job.key, shard, page_size=engine_store.SHARD_SIZE):
            given: list[StoredAnswer] = []
            if answered == task.number:
                given = list(group)
                answered, group = next(answers, (None, iter(())))
            # What was put aside, or could not be shown, is over, whatever ended the job.
            may_be_short = task.is_settled or not self._outcome.leaves_the_rest
            if task.machine_label is not None:
                self._machine_labeled += 1
                additions[task.number] = self._addition(label_by_machine(self._context, task.machine_label))
            elif given and (may_be_short or len(given) >= task.needed):
                yield task, given
            elif given or not may_be_short:
                self._unlabeled += 1
            else:
                self._fail(task, _reason(task), additions)

    def _consolidate(
        self, shard: int, call: int, batch: Sequence[tuple[Task, list[StoredAnswer]]], additions: dict[int, Mapping[str, Any]]
    ) -> None:
        objects = [self._object(task, [self._with_content(answer) for answer in stored]) for task, stored in batch]
        at = self._time_of_call(shard, call)
        request = self._tree.put_consolidation_request(at, [self._request_entry(task, stored) for task, stored in batch])
        labels = self._labels([task for task, _ in batch], objects, request)
        response: list[dict[str, Any]] = []
        writes: list[Callable[[], object]] = []
        for (task, _), entry, label in zip(batch, objects, labels, strict=True):
            writes.append(partial(self._tree.put_worker_response, task.number, entry.answers))
            if isinstance(label, str):
                self._fail(task, label, additions)
                continue
            self._labeled += 1
            addition = self._addition(label)
            additions[task.number] = addition
            disagreement = self.tally.add(self._context, entry, label)
            if disagreement is not None:
                self.disagreements[task.number] = disagreement
            response.append({"datasetObjectId": str(task.number), "consolidatedAnnotation": {"content": addition}})
            if label.mask is not None:
                writes.append(partial(self._tree.put_mask, self._tree.mask_uri(task.number, creation_date(entry.answers)), label.mask))
        write_all(writes)
        self._tree.put_consolidation_response(at, response)

    def _addition(self, label: Label) -> Mapping[str, Any]:
        return {self._job.label_attribute: label.value, f"{self._job.label_attribute}-metadata": label.metadata}

    def _fail(self, task: Task, reason: str, additions: dict[int, Mapping[str, Any]]) -> None:
        """In the form seen in published output manifests."""
        self._failed += 1
        failure = {"retry-count": 1, "failure-reason": reason, "human-annotated": "true"}
        additions[task.number] = {f"{self._job.label_attribute}-metadata": failure}

    def _labels(self, tasks: Sequence[Task], objects: Sequence[ObjectAnswers], request: S3Uri) -> Sequence[Label | str]:
        """Each object's label, or why it has none."""
        if self._job.consolidation_function is not None:
            return self._labels_of_function(self._job.consolidation_function, tasks, objects, request)
        if self._job.task_type.is_custom:
            responses = [self._tree.worker_response_uri(task.number, entry.answers) for task, entry in zip(tasks, objects, strict=True)]
            return [
                custom_label(self._context, entry, {}, {"worker-response-ref": str(uri)})
                for entry, uri in zip(objects, responses, strict=True)
            ]
        return consolidate(self._context, objects)

    def _labels_of_function(
        self, arn: str, tasks: Sequence[Task], objects: Sequence[ObjectAnswers], request: S3Uri
    ) -> Sequence[Label | str]:
        attribute = self._job.label_attribute
        told = ConsolidationJob(
            labeling_job_arn=self._job.arn,
            label_attribute=attribute,
            label_categories=self._job.label_names or None,
            role_arn=self._job.role_arn,
            annotations_uri=str(self._tree.annotations),
            workers_per_object=self._job.workers_per_object,
            kms_key_id=self._job.kms_key_id,
        )
        try:
            found = self._functions.consolidated(arn, told, str(request))
        except LabelingFunctionError as error:
            self.has_failed_calls = True
            return [str(error)] * len(tasks)
        labels: list[Label | str] = []
        for task, entry in zip(tasks, objects, strict=True):
            content = found.get(str(task.number), {})
            if attribute in content:
                own = content.get(f"{attribute}-metadata")
                labels.append(custom_label(self._context, entry, content[attribute], own if isinstance(own, dict) else {}))
            else:
                self.has_failed_calls = True
                labels.append(f"ClientError: The Lambda function {arn} gave no annotation of this object under {attribute!r}.")
        return labels

    def _object(self, task: Task, answers: Sequence[Answer]) -> ObjectAnswers:
        return ObjectAnswers(answers, str(self._tree.mask_uri(task.number, creation_date(answers))))

    def _time_of_call(self, shard: int, call: int) -> datetime:
        """The time that names a call's files. Ground Truth names them after the second of the call, and calls here share seconds.

        So every call that a job may need has a second of its own, counted from the job's creation, and consolidating again writes
        the same files.
        """
        calls_per_shard = math.ceil(engine_store.SHARD_SIZE / _OBJECTS_PER_CONSOLIDATION)
        return self._job.created_at + timedelta(seconds=shard * calls_per_shard + call)

    def _with_content(self, stored: StoredAnswer) -> Answer:
        content = stored.content if stored.content is not None else self._tree.answer_content(stored.content_key or "")
        return answer_of(stored, content)

    def _request_entry(self, task: Task, answers: Sequence[StoredAnswer]) -> dict[str, Any]:
        """The object as Ground Truth hands it to a post-annotation function (sms-custom-templates-step3-lambda-requirements)."""
        line = json.loads(task.line)
        key = self._job.task_type.source_attribute_of(line) or "source"
        return {
            "datasetObjectId": str(task.number),
            "dataObject": {"content" if key == "source" else "s3Uri": line[key]},
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
