"""How right labels are: against the truth that the demo kept aside, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """How many of the pictures got the label that is true."""

    right: int
    pictures: int

    @property
    def accuracy(self) -> float:
        """The share of right labels, 0.0 to 1.0; 0.0 when there are no pictures."""
        return self.right / self.pictures if self.pictures else 0.0


def score(labels: Mapping[str, str], truth: Mapping[str, str]) -> Score:
    """Compares labels ({picture: label}) with the truth ({picture: label}). A picture without a label counts as wrong."""
    return Score(right=sum(labels.get(picture) == label for picture, label in truth.items()), pictures=len(truth))
