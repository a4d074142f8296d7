from __future__ import annotations

import contextlib
import warnings
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from photos import imaging

RED, BLUE = (220, 20, 20), (20, 20, 220)


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    output = BytesIO()
    image.save(output, form, **options)
    return output.getvalue()


def thumbnail(content: bytes) -> Image.Image:
    return Image.open(BytesIO(imaging.develop(content).thumbnail))


def near(found: object, wanted: tuple[int, ...]) -> bool:
    """JPEG changes colours a little."""
    assert isinstance(found, tuple)
    return all(abs(one - two) < 40 for one, two in zip(found, wanted, strict=True))


def test_a_large_picture_becomes_a_small_jpeg_of_the_same_shape() -> None:
    content = encoded(Image.new("RGB", (4000, 3000), RED), "JPEG")
    developed = imaging.develop(content)
    small = Image.open(BytesIO(developed.thumbnail))
    assert (developed.width, developed.height) == (4000, 3000)
    assert (small.format, small.size) == ("JPEG", (840, 630))


def test_a_small_picture_is_not_enlarged() -> None:
    assert thumbnail(encoded(Image.new("RGB", (30, 20), RED))).size == (30, 20)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_shown_upright(orientation: int) -> None:
    upright = Image.new("RGB", (60, 40), RED)
    upright.paste(BLUE, (0, 0, 20, 20))
    # How a camera stores it: the inverse of what the tag tells the viewer to do.
    inverse = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(inverse[orientation]) if orientation in inverse else upright
    exif = Image.Exif()
    exif[imaging.ORIENTATION] = orientation
    developed = imaging.develop(encoded(stored, "JPEG", exif=exif, quality=95))
    small = Image.open(BytesIO(developed.thumbnail))
    assert (developed.width, developed.height) == small.size == (60, 40)
    assert near(small.getpixel((8, 8)), BLUE)
    assert all(near(small.getpixel(place), RED) for place in ((50, 8), (8, 32), (50, 32)))


def test_what_is_transparent_is_laid_on_white() -> None:
    assert near(thumbnail(encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)))).getpixel((9, 9)), (255, 255, 255))


@pytest.mark.parametrize(
    ("mode", "form"), [("L", "PNG"), ("P", "GIF"), ("CMYK", "JPEG"), ("1", "TIFF"), ("I;16", "PNG")]
)
def test_other_colour_modes_become_rgb(mode: str, form: str) -> None:
    assert thumbnail(encoded(Image.new(mode, (20, 20)), form)).mode == "RGB"


def test_sixteen_bits_a_pixel_keep_their_brightness() -> None:
    small = thumbnail(encoded(Image.new("I;16", (1000, 1000), 32768)))
    assert small.size == (840, 840)
    assert near(small.getpixel((9, 9)), (128, 128, 128))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_every_promised_format_is_read(form: str) -> None:
    assert imaging.develop(encoded(Image.new("RGB", (20, 10), RED), form)).width == 20


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"Dear diary,", "not a picture"),
        (b"<html><script>alert(1)</script></html>", "not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(content: bytes, reason: str) -> None:
    with pytest.raises(imaging.NotAPicture, match=reason):
        imaging.develop(content)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_cut_off_half_way_is_refused_as_damaged(form: str) -> None:
    noise = Image.effect_noise((200, 200), 90).convert("RGB")
    content = encoded(noise, form)
    with pytest.raises(imaging.NotAPicture, match="damaged"):
        imaging.develop(content[: len(content) // 2])


def test_a_picture_of_absurd_size_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(imaging.NotAPicture, match="too many pixels"):
        imaging.develop(encoded(Image.new("RGB", (40, 40))))


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 900), junk=st.binary(min_size=1, max_size=12))
def test_damage_anywhere_is_either_mended_or_refused(place: int, junk: bytes) -> None:
    content = bytearray(camera_picture())
    place %= len(content)
    content[place : place + len(junk)] = junk
    # A damaged size in the header may be a warning of Pillow's, which is an error in these tests only.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(imaging.NotAPicture):
            assert imaging.develop(bytes(content)).thumbnail


def camera_picture(**changes: Any) -> bytes:
    """A picture with the EXIF data of a camera; `changes` replaces values, None leaves one out."""
    values: dict[str, Any] = {
        "MAKE": "NIKKEL",
        "MODEL": "NIKKEL Z 5\0\0",
        "EXPOSURE_TIME": IFDRational(1, 250),
        "F_NUMBER": 2.8,
        "ISO": 400,
        "TAKEN": "2024:06:02 18:04:05",
        "FOCAL_LENGTH": 35.0,
        "LENS_MODEL": "35mm  f/1.8",
        **changes,
    }
    exif = Image.Exif()
    for name, value in values.items():
        if value is not None:
            ifd = exif if name in ("MAKE", "MODEL") else exif.get_ifd(imaging.EXIF_IFD)
            ifd[getattr(imaging, name)] = value
    return encoded(Image.new("RGB", (32, 24), RED), "JPEG", exif=exif)


def test_exif_data_is_put_as_photographers_write_it() -> None:
    assert imaging.develop(camera_picture()).exif == {
        "camera": "NIKKEL Z 5",
        "lens": "35mm f/1.8",
        "settings": "35 mm \u00b7 f/2.8 \u00b7 1/250 s \u00b7 ISO 400",
        "taken": "2 June 2024, 18:04",
    }


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"MAKE": "Aperta", "MODEL": "M4"}, "camera", "Aperta M4"),
        ({"MAKE": "Aperta", "MODEL": None}, "camera", "Aperta"),
        ({"MAKE": None, "MODEL": None}, "camera", None),
        ({"EXPOSURE_TIME": 30.0}, "settings", "35 mm \u00b7 f/2.8 \u00b7 30 s \u00b7 ISO 400"),
        ({"EXPOSURE_TIME": 0.5}, "settings", "35 mm \u00b7 f/2.8 \u00b7 0.5 s \u00b7 ISO 400"),
        ({"EXPOSURE_TIME": IFDRational(0, 0)}, "settings", "35 mm \u00b7 f/2.8 \u00b7 ISO 400"),
        ({"F_NUMBER": 11.0, "FOCAL_LENGTH": 1200.0}, "settings", "1200 mm \u00b7 f/11 \u00b7 1/250 s \u00b7 ISO 400"),
        ({"TAKEN": "0000:00:00 00:00:00"}, "taken", None),
        ({"TAKEN": "yesterday"}, "taken", None),
        ({"LENS_MODEL": "\x07\x00\x00"}, "lens", None),
    ],
)
def test_exif_values_that_cameras_write_oddly(changes: dict[str, Any], key: str, words: str | None) -> None:
    assert imaging.develop(camera_picture(**changes)).exif.get(key) == words


def test_a_picture_without_exif_data_has_no_words() -> None:
    assert imaging.develop(encoded(Image.new("RGB", (9, 9)), "JPEG")).exif == {}


def test_the_thumbnail_tells_nothing_of_the_camera() -> None:
    assert not dict(thumbnail(camera_picture()).getexif())
    assert b"NIKKEL" not in imaging.develop(camera_picture()).thumbnail
