"""Starts the local AWS, with ministack's own settings: `python local/emulation.py [RECORD]`. What is asked of it is written to RECORD.

ministack (1.5.33) is mended first where it differs from AWS in what labeling jobs are made of, and in what makes it slow.
"""

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

# Instead of this script's own folder, whose modules have names that others may mean something else by.
sys.path[:1] = []
sys.path.append(str(Path(__file__).resolve().parent.parent))

from ministack import app  # type: ignore[import-not-found]  # noqa: E402
from ministack.core import lambda_runtime  # type: ignore[import-not-found]  # noqa: E402
from ministack.services import lambda_svc, s3  # type: ignore[import-not-found]  # noqa: E402

from local import recording  # noqa: E402

_PROCESSES_PER_FUNCTION = max(2, (os.cpu_count() or 1) // 2)
_PATIENCE_SECONDS = 3
_POLL_SECONDS = 0.01


def give_ranges_of_versions() -> None:
    """Have GetObject honour `Range` beside a version's id too, as S3 does; ministack gives the whole object then."""
    get_object = s3._get_object

    def get_part(bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None) -> tuple[int, dict[str, str], bytes]:
        status, answered, body = get_object(bucket, key, headers, query)
        if status != 200 or "Content-Range" in answered or not (part := s3._parse_range(headers.get("range", ""), len(body))):
            return status, answered, body
        first, last = part
        # S3 gives no checksum of the whole with a part.
        kept = {name: value for name, value in answered.items() if not name.lower().startswith("x-amz-checksum-")}
        part_headers = {"Content-Length": str(last - first + 1), "Content-Range": f"bytes {first}-{last}/{len(body)}"}
        return 206, {**kept, **part_headers}, body[first : last + 1]

    s3._get_object = get_part


class LayerArchive(zipfile.ZipFile):
    """The archive that ministack unpacks for a process that serves a function: a layer's content is unpacked once, and then linked to."""

    def namelist(self) -> list[str]:
        """What ministack checks before it unpacks: nothing, once that was done."""
        return [] if self._is_layer() and self._shared().exists() else super().namelist()

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        if not self._is_layer():
            super().extractall(path, members, pwd)
            return
        shared = self._shared()
        if not shared.exists():
            shared.parent.mkdir(exist_ok=True)
            unpacked = Path(tempfile.mkdtemp(dir=shared.parent))
            super().extractall(unpacked)
            with contextlib.suppress(OSError):  # another process of the function came first
                unpacked.rename(shared)
            shutil.rmtree(unpacked, ignore_errors=True)
        Path(self.filename or "").unlink()
        # Functions write into no layer: on AWS they cannot.
        Path(path).rmdir()
        Path(path).symlink_to(shared, target_is_directory=True)

    def _is_layer(self) -> bool:
        return Path(self.filename or "").name.startswith("layer_")

    def _shared(self) -> Path:
        content = "\n".join(f"{member.filename} {member.CRC} {member.file_size}" for member in self.infolist())
        return Path(tempfile.gettempdir()) / "layers" / hashlib.sha256(content.encode()).hexdigest()


def unpack_layers_once() -> None:
    """Have all processes that serve functions share what their layers hold; ministack unpacks thousands of files for each process."""
    lambda_runtime.zipfile = SimpleNamespace(ZipFile=LayerArchive, BadZipFile=zipfile.BadZipFile, LargeFileError=zipfile.LargeZipFile)


def wait_for_a_free_process() -> None:
    """Have a burst of invocations share a few processes per function; ministack starts one for each that finds the others busy.

    Starting one takes longer than most invocations. Nobody waits for long, so a function that waits for itself still ends.
    """
    acquire = lambda_svc.acquire_worker

    def acquire_patiently(name: str, config: Any, code: bytes, qualifier: str = "$LATEST", max_concurrency: int | None = None) -> Any:
        impatient_at = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < impatient_at:
            worker, how = acquire(name, config, code, qualifier, max_concurrency=_PROCESSES_PER_FUNCTION)
            if worker is not None:
                return worker, how
            time.sleep(_POLL_SECONDS)
        return acquire(name, config, code, qualifier, max_concurrency=max_concurrency)

    lambda_svc.acquire_worker = acquire_patiently


def main() -> None:
    give_ranges_of_versions()
    unpack_layers_once()
    wait_for_a_free_process()
    if sys.argv[1:]:
        recording.start(sys.argv.pop(1))
    app.main()


if __name__ == "__main__":
    main()
