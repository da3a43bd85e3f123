"""The format and size in pixels of an image, read from its first bytes.

Only the formats that Ground Truth labels (SageMaker guide, "Supported data formats"). Sources: ISO/IEC 10918-1, annex B (JPEG); W3C
Portable Network Graphics specification, section 11.2.1.
"""

from dataclasses import dataclass
from typing import Literal

# Metadata (color profiles, thumbnails) comes before a JPEG's size; most of it is below 64 KB.
HEADER_BYTES = 256 * 1024

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
# Start of frame, in all its kinds; C4, C8 and CC share the range and mean something else.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """`width` and `height` in pixels; None when the bytes end before they say."""

    format: Literal["png", "jpeg"]
    width: int | None = None
    height: int | None = None


def image_header(beginning: bytes) -> ImageHeader | None:
    """What the first bytes of an object say; None when they begin neither a PNG nor a JPEG."""
    if beginning.startswith(_PNG):
        if beginning[12:16] != b"IHDR" or len(beginning) < 24:
            return ImageHeader("png")
        return ImageHeader("png", int.from_bytes(beginning[16:20]), int.from_bytes(beginning[20:24]))
    return _jpeg_header(beginning) if beginning.startswith(_JPEG) else None


def _jpeg_header(beginning: bytes) -> ImageHeader:
    position = 2
    while position + 9 <= len(beginning) and beginning[position] == 0xFF:
        marker = beginning[position + 1]
        if marker == 0xFF:  # a marker may be filled up with any number of these
            position += 1
        elif marker in _WITHOUT_LENGTH:
            position += 2
        elif marker in _FRAMES:
            frame = beginning[position + 5 : position + 9]
            return ImageHeader("jpeg", height=int.from_bytes(frame[:2]), width=int.from_bytes(frame[2:]))
        else:
            position += 2 + int.from_bytes(beginning[position + 2 : position + 4])
    return ImageHeader("jpeg")
