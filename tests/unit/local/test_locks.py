import threading
from pathlib import Path

from local.locks import exclusively, together


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


def test_those_who_share_a_lock_do_not_wait_for_each_other_but_for_who_wants_it_alone(tmp_path: Path) -> None:
    lock = tmp_path / "build.lock"
    order: list[str] = []

    def alone() -> None:
        with exclusively(lock):
            order.append("alone")

    with together(lock), together(lock):
        waiting = threading.Thread(target=alone)
        waiting.start()
        waiting.join(timeout=0.2)
        order.append("together")
    waiting.join()

    assert order == ["together", "alone"]
