"""How much the workers who answered for an object disagree with its label, for readers who go through a job object by object."""

from groundwork.engine.store import EngineStore, shard_of


class Disagreements:
    """Looks them up a shard at a time, and remembers the shard that was asked for last."""

    def __init__(self, store: EngineStore) -> None:
        self._store = store
        self._shard: tuple[str, int] | None = None
        self._found: dict[int, float] = {}

    def of(self, labeling_job_name: str, number: int) -> float | None:
        """0 (all agree) to 1, as `ObjectAgreement.disagreement` says; None where nothing was compared, or nothing is known."""
        shard = labeling_job_name, shard_of(number)
        if shard != self._shard:
            self._found = self._store.disagreements(*shard)
            self._shard = shard
        return self._found.get(number)
