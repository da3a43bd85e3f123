"""What validation found: faults counted by rule, with the first places of each, from any number of partial counts to one report."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec

from groundwork.rules import Fault, Place, Severity

MAX_PLACES = 100


@dataclass(slots=True)
class ReportedFault:
    """One broken rule, how often it is broken, and the first places where, in the order of the lines."""

    code: str
    severity: Severity
    message: str
    remedy: str
    count: int = 0
    places: list[Place] = field(default_factory=list)

    def add(self, places: Iterable[Place]) -> None:
        """Keep the places too. Now and then, and before anybody looks, all but the first are dropped."""
        self.places += places
        if len(self.places) >= 2 * MAX_PLACES:
            self.keep_first()

    def keep_first(self) -> None:
        self.places.sort(key=lambda place: place.line)
        del self.places[MAX_PLACES:]

    def document(self) -> dict[str, Any]:
        return {**self.words(), "places": [_place_document(place) for place in self.places]}

    def words(self) -> dict[str, Any]:
        """The fault without its places."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "remedy": self.remedy,
            "count": self.count,
        }


def _place_document(place: Place) -> dict[str, Any]:
    document: dict[str, Any] = {"line": place.line, "object": place.object, "attribute": place.attribute}
    if place.detail is not None:
        document["detail"] = place.detail
    return document


class Tally:
    """Counts faults by code. Its size does not grow with their number, and one part of a manifest's tally adds to another's."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._by_code: dict[str, ReportedFault] = {}
        for found in faults:
            self.add(found)

    def __bool__(self) -> bool:
        return bool(self._by_code)

    def add(self, found: Fault) -> None:
        entry = self._by_code.get(found.code)
        if entry is None:
            entry = self._by_code[found.code] = ReportedFault(found.code, found.severity, found.message, found.remedy)
        entry.count += 1
        if found.place is not None:
            entry.add((found.place,))

    def add_all(self, other: "Tally", *, lines_before: int = 0) -> None:
        """Add the tally of another part, whose first line is the manifest's line `lines_before`."""
        for found in other._by_code.values():
            entry = self._by_code.setdefault(found.code, ReportedFault(found.code, found.severity, found.message, found.remedy))
            entry.count += found.count
            entry.add(_shifted(place, lines_before) for place in found.places)

    def reported(self) -> tuple[ReportedFault, ...]:
        """Errors first, otherwise in the order in which the rules were first seen broken."""
        for entry in self._by_code.values():
            entry.keep_first()
        return tuple(sorted(self._by_code.values(), key=lambda found: found.severity is not Severity.ERROR))

    def to_json(self) -> bytes:
        return msgspec.json.encode(self.reported())

    @classmethod
    def from_json(cls, text: bytes) -> "Tally":
        tally = cls()
        tally._by_code = {found.code: found for found in msgspec.json.decode(text, type=list[ReportedFault])}
        return tally


def _shifted(place: Place, lines: int) -> Place:
    return replace(place, line=place.line + lines, object=None if place.object is None else place.object + lines)


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """`objects` counts the manifest's lines, `labeled` those that hold the job's label attribute already. `uri` is where it is kept."""

    objects: int
    labeled: int
    faults: tuple[ReportedFault, ...]
    uri: str

    @property
    def state(self) -> Literal["passed", "failed"]:
        return "failed" if self.errors else "passed"

    @property
    def errors(self) -> int:
        return self._occurrences(Severity.ERROR)

    @property
    def warnings(self) -> int:
        return self._occurrences(Severity.WARNING)

    def _occurrences(self, severity: Severity) -> int:
        return sum(found.count for found in self.faults if found.severity is severity)

    def summary(self) -> dict[str, Any]:
        """State, objects, errors and warnings (occurrences, not rules), as a job's `validation` shows them."""
        return {"state": self.state, "objects": self.objects, "errors": self.errors, "warnings": self.warnings}

    def document(self) -> dict[str, Any]:
        """The report as clients get it (api.md, validation-report)."""
        return {**self.summary(), "faults": [found.document() for found in self.faults]}

    def outcome(self) -> dict[str, Any]:
        """What a state machine goes on with, and what is kept on the job: everything but the places, and where those are."""
        validation = {**self.summary(), "faults": [found.words() for found in self.faults], "report_uri": self.uri}
        return {"outcome": "passed" if self.state == "passed" else "faults", "validation": validation}
