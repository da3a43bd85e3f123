"""The AWS that runs on this machine: starts and stops ministack, and knows whether it runs.

Whether it runs is told by a lock, not by a process number: ministack inherits an open, locked file and holds the lock for exactly as long
as it lives, however it ends. So a process number left behind by a killed emulator, or given to another program since, misleads nobody.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import urllib3

from local.failures import StackError
from local.place import HOST, REGION, REPOSITORY, TOOLS, Place

_START_SECONDS = 90
_STOP_SECONDS = 60
_POLL_SECONDS = 0.1
_ROOM_FOR_FUNCTIONS = 6 * 1024**3

# Emulators that this very process started. They are meant to outlive it; until then their end is ours to take note of.
_children: dict[int, "subprocess.Popen[bytes]"] = {}


@dataclass(frozen=True, slots=True)
class Emulator:
    """The ministack process of one place."""

    place: Place

    def running_pid(self) -> int | None:
        """The process number of the emulator that runs for this place, or None."""
        with contextlib.suppress(FileNotFoundError), self._lock_path.open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(json.loads(lock.read())["pid"])
        return None

    def running_port(self) -> int | None:
        """The port on which the emulator of this place listens, or None when it does not run."""
        return None if self.running_pid() is None else int(json.loads(self._lock_path.read_text())["port"])

    def start(self) -> None:
        """Starts the emulator detached from this process and waits until it answers.

        Raises:
            StackError: the port is taken, or the emulator does not come up; then nothing is left running.
        """
        refuse_taken_port(self.place.port)
        self.place.emulator_folder.mkdir(parents=True, exist_ok=True)
        self._remove_temporary_files()
        forget_stream_positions(self._state_folder)
        temporary_folder = self._temporary_folder
        temporary_folder.mkdir(mode=0o700)
        with self._lock_path.open("w") as lock, self.place.emulator_log.open("ab") as log:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            process = subprocess.Popen(
                self._command(),
                cwd=self.place.emulator_folder,
                env=self._environment(os.environ, temporary_folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal, or the end of make, does not reach it
                pass_fds=[lock.fileno()],
            )
            _children[process.pid] = process
            json.dump({"pid": process.pid, "port": self.place.port}, lock)
        try:
            self._wait_until_healthy(process)
        except BaseException:
            self._end_group(process.pid)
            _children.pop(process.pid).wait()
            self._remove_temporary_files()
            raise

    def stop(self) -> bool:
        """Ends the emulator, which saves its state first. Harmless when it does not run.

        Returns: whether it saved its state and ended by itself; True also when there was nothing to stop.
        """
        pid = self.running_pid()
        if pid is None:
            return True
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while self.running_pid() is not None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        ended_by_itself = self.running_pid() is None
        # Functions in the middle of an invocation are processes of their own and may outlive the emulator.
        self._end_group(pid)
        while self.running_pid() is not None:
            time.sleep(_POLL_SECONDS)
        if (child := _children.pop(pid, None)) is not None:
            child.wait()
        self._remove_temporary_files()
        return ended_by_itself

    def _command(self) -> list[str | Path]:
        """The emulator; if a file is named for it, what is asked of it is written down there."""
        record = os.environ.get("GROUNDWORK_RECORD")
        return [TOOLS / "python3.13", REPOSITORY / "local" / "emulation.py", *([record] if record else [])]

    @property
    def _state_folder(self) -> Path:
        return self.place.emulator_folder / "state"

    @property
    def _lock_path(self) -> Path:
        return self.place.emulator_folder / "running.json"

    @property
    def _temporary_folder(self) -> Path:
        """Where functions are unpacked: thousands of small files each, which a memory file system takes several times faster."""
        in_memory, on_disk = self._temporary_folders
        roomy = in_memory.parent.is_dir() and min(shutil.disk_usage(in_memory.parent).free, _available_memory()) >= _ROOM_FOR_FUNCTIONS
        return in_memory if roomy else on_disk

    @property
    def _temporary_folders(self) -> tuple[Path, Path]:
        mark = hashlib.sha256(bytes(self.place.folder)).hexdigest()[:12]
        in_memory = Path("/dev/shm") / f"groundwork-{os.getuid()}-{mark}"  # noqa: S108 - made with mode 0700, or not at all
        return in_memory, self.place.emulator_folder / "tmp"

    def _remove_temporary_files(self) -> None:
        for folder in self._temporary_folders:
            shutil.rmtree(folder, ignore_errors=True)

    def _environment(self, inherited: Mapping[str, str], temporary_folder: Path) -> dict[str, str]:
        # Functions inherit the emulator's environment. A developer's AWS profile and settings must not reach them, and none of the
        # emulator's own switches that may be set for another project.
        foreign = ("AWS_", "MINISTACK_", "LAMBDA_", "SFN_", "PYTHON")
        kept = {name: value for name, value in inherited.items() if not name.startswith(foreign)}
        folder = self.place.emulator_folder
        return kept | {
            "GATEWAY_PORT": str(self.place.port),
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,
            "MINISTACK_REGION": REGION,
            "AUTH": "true",  # IAM policies are enforced, so least privilege is tested on every run
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._state_folder),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(folder / "objects"),
            "TMPDIR": str(temporary_folder),
            "LAMBDA_EXECUTOR": "local",
            "SFN_WAIT_SCALE": str(self.place.pause_scale),
            # Nothing here needs containers: leave a developer's Docker daemon, and any other emulator in it, alone.
            "DOCKER_HOST": f"unix://{folder / 'no-docker.sock'}",
            # Each of these would open a port of its own, in the way of a second stack on the machine.
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "INFO",
            "PYTHONUNBUFFERED": "1",
        }

    def _wait_until_healthy(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise StackError(f"The local AWS ended while it was starting; its last words are in {self.place.emulator_log}.")
            if _health(self.place) is not None:
                return
            time.sleep(_POLL_SECONDS)
        raise StackError(f"The local AWS did not answer within {_START_SECONDS} seconds; see {self.place.emulator_log}.")

    @staticmethod
    def _end_group(pid: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def forget_stream_positions(state: Path) -> None:
    """Has functions that listen to a table's stream begin at its start again when the emulator next loads `state`.

    ministack (1.5.33) saves how far each function has read, but not the stream, which begins at zero again: until as many changes have
    come as before, the functions would hear of none.
    """
    with contextlib.suppress(FileNotFoundError):
        saved = json.loads((state / "lambda.json").read_text())
        saved["payload"].pop("dynamodb_stream_positions", None)
        (state / "lambda.json").write_text(json.dumps(saved))


def refuse_taken_port(port: int) -> None:
    """Makes sure that the emulator can listen on `port`.

    Raises:
        StackError: another program listens there, or the port may not be used.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections that a stopped stack left in TIME_WAIT do not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
        except OSError as error:
            raise StackError(
                f"Port {port} on {HOST} cannot be used ({error.strerror}): stop what has it, or choose another: `make up PORT=...`."
            ) from error


def _available_memory() -> int:
    """Bytes of memory that can be had without swapping, as Linux estimates it. A memory file system says how much it may hold, not this."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def _health(place: Place) -> object | None:
    try:
        answer = urllib3.request("GET", f"{place.endpoint_url}/_ministack/health", retries=False, timeout=2)
    except urllib3.exceptions.HTTPError:
        return None
    return answer.json() if answer.status == 200 else None
