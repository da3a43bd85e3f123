"""Format and size of images, from their first bytes."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from groundwork.image_headers import ImageHeader, image_header


def written(image_format: str, width: int, height: int, **options: object) -> bytes:
    """An image as a common library writes it."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height)).save(buffer, image_format, **options)
    return buffer.getvalue()


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.booleans())
def test_images_tell_their_size(width: int, height: int, progressive: bool) -> None:
    assert image_header(written("PNG", width, height)) == ImageHeader("png", width, height)
    assert image_header(written("JPEG", width, height, progressive=progressive)) == ImageHeader("jpeg", width, height)


def test_a_color_profile_before_the_size_is_skipped() -> None:
    assert image_header(written("JPEG", 30, 20, icc_profile=b"x" * 150_000)) == ImageHeader("jpeg", 30, 20)


@pytest.mark.parametrize("image_format", ["GIF", "BMP", "WEBP", "TIFF"])
def test_other_formats_are_none_that_is_labeled(image_format: str) -> None:
    assert image_header(written(image_format, 3, 2)) is None


@given(st.binary(max_size=60), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"]))
def test_whatever_the_bytes_there_is_an_answer(rest: bytes, beginning: bytes) -> None:
    header = image_header(beginning + rest)

    assert (header is None) == (not (beginning + rest).startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")))


@pytest.mark.parametrize("image_format", ["PNG", "JPEG"])
def test_an_image_cut_off_before_its_size_is_still_an_image(image_format: str) -> None:
    header = image_header(written(image_format, 30, 20)[:15])

    assert header is not None
    assert header.width is None
