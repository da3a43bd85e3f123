"""Pictures to draw on."""

import io

from PIL import Image, ImageDraw

WIDTH, HEIGHT = 320, 240
#: Left, top, right and bottom of the red rectangle in each picture.
RED = (80, 60, 200, 160)
EXIF_ORIENTATION = 0x0112


def drawn(number: int = 0) -> Image.Image:
    """A red rectangle on a plain ground."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), (170 + 10 * (number % 8),) * 3)
    left, top, right, bottom = RED
    ImageDraw.Draw(picture).rectangle((left, top, right - 1, bottom - 1), fill=(200, 30, 30))
    return picture


def png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def turned_jpeg(picture: Image.Image) -> bytes:
    """As a camera that was held upright stores it: lying on its side, with a note to turn it by a quarter."""
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6
    buffer = io.BytesIO()
    picture.rotate(90, expand=True).save(buffer, "JPEG", quality=95, exif=exif)
    return buffer.getvalue()
