"""Where one local stack lives: its port and the folder that holds everything it leaves on the disk.

Nothing is fixed to one stack per machine: the integration tests run their own, on another port and in another folder, beside a developer's.
"""

from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
TOOLS = REPOSITORY / ".venv-tools" / "bin"
HOST = "127.0.0.1"
REGION = "us-east-1"
STACK_NAME = "groundwork"
DEFAULT_PORT = 4566


@dataclass(frozen=True, slots=True)
class Place:
    """One local stack's port and folder."""

    port: int = DEFAULT_PORT
    folder: Path = REPOSITORY / ".local"
    # How long state machines pause before they retry, as a part of what they say. Tests of failures shorten it.
    pause_scale: float = 1.0

    @property
    def endpoint_url(self) -> str:
        """Where AWS's APIs are served."""
        return f"http://{HOST}:{self.port}"

    @property
    def address_file(self) -> Path:
        """`stack.json`."""
        return self.folder / "stack.json"

    @property
    def emulator_folder(self) -> Path:
        """The emulator's own state, objects and temporary files."""
        return self.folder / "ministack"

    @property
    def emulator_log(self) -> Path:
        """What the emulator and the functions print."""
        return self.folder / "ministack.log"

    @property
    def busy_lock(self) -> Path:
        """Held by the one `up`, `down` or `reset` that is under way."""
        return self.folder / "busy.lock"

    @property
    def deploy_log(self) -> Path:
        """What building and deploying printed the last time."""
        return self.folder / "deploy.log"

    @property
    def inbox_journal(self) -> Path:
        """Every message that administrators received, one JSON document per line."""
        return self.folder / "inbox.jsonl"
