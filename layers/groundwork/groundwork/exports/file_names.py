"""Names of files in an archive: as close to the data object's key as every file system takes, and never twice the same."""

import hashlib
import re

from groundwork.data_locations import S3Uri

_UNSAFE = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')
_MAX_SEGMENT_BYTES = 200
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def common_folder(keys: list[str]) -> str:
    """The folder that all keys share, with its slash; empty when they share none."""
    first, last = min(keys), max(keys)
    differ = (position for position, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    shared = next(differ, min(len(first), len(last)))
    return first[: first.rfind("/", 0, shared) + 1]


class FileNames:
    """Gives each data object a relative path below `folder`. Two objects never get the same one, not even where case is ignored."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._taken: set[bytes] = set()

    def of(self, uri: S3Uri, line: int) -> str:
        """The path, with `/` between folders and the extension the object has. The line makes a name unique where the key does not."""
        segments = [_safe(segment) for segment in uri.key.removeprefix(self._folder).split("/")]
        path = "/".join(segments)
        if not self._take(path):
            stem, dot, extension = segments[-1].rpartition(".")
            segments[-1] = f"{stem or extension}~{line}{dot}{extension if stem else ''}".rstrip(".")
            path = "/".join(segments)
            self._take(path)
        return path

    def _take(self, path: str) -> bool:
        # Without its extension: an annotation file has another one than its picture.
        stem = path.rpartition(".")[0] or path
        digest = hashlib.blake2b(stem.lower().encode(), digest_size=12).digest()
        if digest in self._taken:
            return False
        self._taken.add(digest)
        return True


def _safe(segment: str) -> str:
    cleaned = _UNSAFE.sub("_", segment).rstrip(". ") or "_"
    if _RESERVED.fullmatch(cleaned):
        cleaned = f"_{cleaned}"
    if len(cleaned.encode()) > _MAX_SEGMENT_BYTES:
        digest = hashlib.blake2b(cleaned.encode(), digest_size=6).hexdigest()
        stem, dot, extension = cleaned.rpartition(".")
        short = (stem or extension).encode()[: _MAX_SEGMENT_BYTES - 40].decode(errors="ignore")
        cleaned = f"{short}-{digest}{dot}{extension[:20] if stem else ''}".rstrip(".")
    return cleaned
