"""Simulated workers: people who read a digit right most of the time, and at a stated rate take it for another one.

They go the way that people go: sign in, ask for work, look at what the lease shows, answer. The only thing they have that people have
not is the truth, to read the picture with; whether and how they err is drawn for each picture on its own, so it does not depend on who
gets which picture when.
"""

import posixpath
import random
import threading
import time
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.client import ApiClient
from local.failures import StackError

# With a hundred pictures, luck alone can make one worker as good as all three. With this seed they err about as often as stated.
SEED = 35
_PAUSE_SECONDS = 0.5
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class SimulatedWorker:
    """One worker and how often, on average, they misread a picture (0.0 to 1.0)."""

    username: str
    error_rate: float

    def read(self, picture: str, truth: Mapping[str, str], labels: Sequence[str]) -> str:
        """The label that this worker gives the picture: the true one, or with the error rate any of the others."""
        # The same worker sees the same picture in the same way, on every run and in whatever order the work comes.
        chance = random.Random(f"{SEED}/{self.username}/{picture}")  # noqa: S311 - not a secret
        if chance.random() >= self.error_rate:
            return truth[picture]
        return chance.choice([label for label in labels if label != truth[picture]])

    def work(
        self,
        api: ApiClient,
        labeling_job: str,
        truth: Mapping[str, str],
        labels: Sequence[str],
        *,
        stopped: threading.Event,
        answered: Callable[[], None],
    ) -> dict[str, str]:
        """Answers every picture of the labeling job once and returns the answers, {picture: label}.

        Args:
            api: a client signed in as this worker.
            stopped: ends the work early when set.
            answered: called after each answer that was accepted.

        Raises:
            StackError: no work came for two minutes though pictures are left.
            UnexpectedAnswer: the API refused a lease or an answer.
        """
        answers: dict[str, str] = {}
        last_work = time.monotonic()
        while len(answers) < len(truth) and not stopped.is_set():
            lease = api.post(f"/work/labeling-jobs/{labeling_job}/leases").expect(201, 204)
            if lease is None:
                if time.monotonic() - last_work > _PATIENCE_SECONDS:
                    raise StackError(f"{self.username} was offered no work for two minutes, with {len(answers)} of {len(truth)} answered.")
                stopped.wait(_PAUSE_SECONDS)
                continue
            picture = picture_of(lease)
            label = self.read(picture, truth, labels)
            api.post(f"/work/leases/{lease['lease_id']}/answer", {"answer": {"crowd-image-classifier": {"label": label}}}).expect(200)
            answers[picture] = label
            last_work = time.monotonic()
            answered()
        return answers


def picture_of(lease: Mapping[str, Any]) -> str:
    """The file name of the picture that a lease shows, whether it is given as an `s3://` or a presigned address."""
    return posixpath.basename(urllib.parse.urlsplit(str(lease["input"]["taskObject"])).path)
