import threading
from pathlib import Path

from local.locks import exclusively


def test_work_waits_until_the_one_before_it_has_ended(tmp_path: Path) -> None:
    lock = tmp_path / "new folder" / "build.lock"
    order: list[str] = []

    def second() -> None:
        with exclusively(lock):
            order.append("second")

    with exclusively(lock):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(timeout=0.2)
        order.append("first")
    waiting.join()

    assert order == ["first", "second"]
