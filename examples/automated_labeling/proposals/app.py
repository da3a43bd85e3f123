"""Propose labels for what nobody has labeled yet, with a support vector machine on simple features.

For single-label classification of pictures (a small grey copy of each) and of texts (words and pairs of words). What the event has and what
is to be written is told in docs/automated-labeling.md.

A label's confidence is how often the classifier was right, in cross-validation on the labels that people gave, about objects that it was as
sure of. So what a job takes at its threshold is about as right as the threshold says, measured against people.
"""

import io
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import numpy as np
from PIL import Image
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, LinearSVC

# With fewer labels than this nothing is proposed: what was measured on them would say nothing.
ENOUGH_TO_LEARN = 20
FOLDS = 5
# Pictures become so many grey values a side.
SIDE = 16
READ_AT_ONCE = 20

s3 = boto3.client("s3")


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    attribute = event["labelAttributeName"]
    labeled = list(json_lines(event["labeled"]["s3Uri"]))
    unlabeled = list(json_lines(event["unlabeled"]["s3Uri"]))
    classes = [line[f"{attribute}-metadata"]["class-name"] for line in labeled]
    proposals: list[dict[str, Any]] = []
    if unlabeled and len(labeled) >= ENOUGH_TO_LEARN and len(set(classes)) > 1:
        is_text = event["taskType"].startswith("Text")
        known, unknown = (features(objects, is_text=is_text) for objects in (labeled, [entry["dataObject"] for entry in unlabeled]))
        proposals = [
            {"datasetObjectId": entry["datasetObjectId"], "label": label, "confidence": confidence}
            for entry, (label, confidence) in zip(unlabeled, propose(known, classes, unknown, is_text=is_text), strict=True)
        ]
    write(event["proposals"]["s3Uri"], proposals, event.get("kmsKeyId"))
    return {"proposals": len(proposals)}


def propose(known: Sequence[Any], classes: Sequence[str], unknown: Sequence[Any], *, is_text: bool) -> Iterator[tuple[str, float]]:
    """A label and its confidence for each unknown object."""
    truth, objects = np.array(classes), np.array(known, dtype=object if is_text else float)
    # Every known object is judged by a classifier that has not seen it.
    sure, right = [], []
    for others, held_out in KFold(FOLDS, shuffle=True, random_state=0).split(objects):
        if len(set(truth[others])) > 1:
            guessed, margins = judged(objects[others], truth[others], objects[held_out], is_text=is_text)
            sure += list(margins)
            right += list(guessed == truth[held_out])
    guessed, margins = judged(objects, truth, np.array(unknown, dtype=objects.dtype), is_text=is_text)
    return zip(map(str, guessed), rates_of(np.array(sure), np.array(right, dtype=float), margins), strict=True)


def rates_of(sure: Any, right: Any, margins: Any) -> Iterator[float]:
    """For each margin, how often those were right at the least who were about as sure.

    Whoever is surer is right at least as often: that makes the blocks. Of a small block little is known, so the figure is the lower end of
    what its rate may be (Wilson's score interval, one standard deviation).
    """
    fitted = IsotonicRegression(out_of_bounds="clip").fit(sure, right)
    of_known = fitted.predict(sure)
    lowest: dict[float, float] = {}
    for rate in np.unique(of_known):
        count = int((of_known == rate).sum())
        spread = (rate * (1 - rate) / count + 1 / (4 * count**2)) ** 0.5
        lowest[float(rate)] = float((rate + 1 / (2 * count) - spread) / (1 + 1 / count))
    # Between two blocks a margin counts to the lower one.
    rates = np.array(sorted(lowest))
    return (lowest[float(rates[max(np.searchsorted(rates, rate, side="right") - 1, 0)])] for rate in fitted.predict(margins))


def judged(objects: Any, classes: Any, others: Any, *, is_text: bool) -> tuple[Any, Any]:
    """The class of each of the others, and how far it is ahead of the next one."""
    if is_text:
        classifier = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LinearSVC(random_state=0))
    else:
        classifier = SVC(C=10, decision_function_shape="ovr")
    scores = classifier.fit(objects, classes).decision_function(others)
    if scores.ndim == 1:  # of two classes there is one score
        scores = np.stack([-scores, scores], axis=1)
    in_order = np.sort(scores, axis=1)
    return classifier.classes_[scores.argmax(axis=1)], in_order[:, -1] - in_order[:, -2]


def features(objects: Sequence[dict[str, Any]], *, is_text: bool) -> list[Any]:
    """What the classifier sees of the objects: the texts themselves, or the grey values of small pictures."""
    if is_text:
        return [line["source"] for line in objects]
    with ThreadPoolExecutor(READ_AT_ONCE) as pool:
        return list(pool.map(lambda line: grey_values(read(line["source-ref"])), objects))


def grey_values(picture: bytes) -> Any:
    with Image.open(io.BytesIO(picture)) as image:
        return np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX), dtype=float).ravel() / 255


def json_lines(uri: str) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in read(uri).splitlines() if line.strip())


def read(uri: str) -> bytes:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return content


def write(uri: str, lines: Sequence[dict[str, Any]], kms_key_id: str | None) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    encryption: dict[str, Any] = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id} if kms_key_id else {}
    s3.put_object(Bucket=bucket, Key=key, Body=body, **encryption)
