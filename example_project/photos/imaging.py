"""What is done to a picture: a thumbnail, and the words for its EXIF data. Nothing here knows Django or a queue."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError

logger = logging.getLogger(__name__)

# Pillow's other readers are left out: some start programs (EPS), most have never met a photograph.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp")

# Pixels. The page shows pictures about 400 wide, screens have up to two pixels for one.
THUMBNAIL_SIZE = (840, 840)
THUMBNAIL_QUALITY = 82

EXIF_IFD = 0x8769
MAKE, MODEL, ORIENTATION = 0x010F, 0x0110, 0x0112
EXPOSURE_TIME, F_NUMBER, ISO, TAKEN, FOCAL_LENGTH = 0x829A, 0x829D, 0x8827, 0x9003, 0x920A
LENS_MODEL = 0xA434

# What undoes each value of the EXIF tag "Orientation" (EXIF 2.32, 4.6.4 A).
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ON_ITS_SIDE = (5, 6, 7, 8)


class NotAPicture(Exception):
    """Raised for a file that no second try will turn into a picture. Its text is for the person who uploaded it."""


@dataclass(frozen=True, kw_only=True)
class Developed:
    """A picture as the page shows it: its size in pixels when upright, the thumbnail (JPEG), the EXIF data in words."""

    width: int
    height: int
    thumbnail: bytes
    exif: dict[str, str] = field(default_factory=dict)


def develop(content: bytes) -> Developed:
    """Make the thumbnail of a picture and read its EXIF data.

    Raises NotAPicture for a file that is empty, of an unknown format, damaged, or so large that decoding it is a risk.
    """
    if not content:
        raise NotAPicture("The file is empty.")
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            return _develop(image)
    except UnidentifiedImageError:
        raise NotAPicture("This is not a picture that can be read here (JPEG, PNG, WebP, GIF, TIFF or BMP).") from None
    except Image.DecompressionBombError:
        raise NotAPicture("The picture has too many pixels to be opened safely.") from None
    except MemoryError:
        raise
    except Exception as error:
        # The content is in memory already, so whatever a decoder raises (OSError, SyntaxError, struct.error, ...)
        # speaks of the content and not of this machine.
        raise NotAPicture(f"The picture is damaged: {error}") from error


def _develop(image: Image.Image) -> Developed:
    exif, orientation = read_exif(image)
    width, height = image.size
    if orientation in ON_ITS_SIDE:
        width, height = height, width
    # thumbnail() has the JPEG decoder skip most of the work where the result is to be small.
    image.thumbnail(THUMBNAIL_SIZE)
    small = flatten(image)
    if orientation in UPRIGHT:
        small = small.transpose(UPRIGHT[orientation])
    output = BytesIO()
    # Without the EXIF data: a thumbnail for everybody should not tell where the picture was taken.
    small.save(output, "JPEG", quality=THUMBNAIL_QUALITY, optimize=True, progressive=True)
    return Developed(width=width, height=height, thumbnail=output.getvalue(), exif=exif)


def flatten(image: Image.Image) -> Image.Image:
    """Return the picture in RGB, what is transparent laid on white."""
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I"):
        # 16 bits a pixel: convert() would cut off what is above 255 and leave a white picture.
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(ground, image).convert("RGB")
    return image.convert("RGB")


def read_exif(image: Image.Image) -> tuple[dict[str, str], int]:
    """Return the EXIF data in words (keys camera, lens, settings, taken, those that are there) and the orientation.

    Damaged EXIF data is no reason to refuse a picture: whatever cannot be understood is left out.
    """
    try:
        exif = image.getexif()
        tags: dict[int, Any] = {**exif, **exif.get_ifd(EXIF_IFD)}
    except Exception as error:  # Pillow's EXIF reader raises many things at damaged data, warnings included.
        logger.warning("The EXIF data cannot be read: %s", error)
        return {}, 1
    words = {
        "camera": camera(tags.get(MAKE), tags.get(MODEL)),
        "lens": text(tags.get(LENS_MODEL)),
        "settings": exposure_settings(tags),
        "taken": taken(tags.get(TAKEN)),
    }
    orientation = tags.get(ORIENTATION)
    return {key: word for key, word in words.items() if word}, orientation if isinstance(orientation, int) else 1


def text(value: object) -> str:
    """Return an EXIF text without the padding that cameras leave in it, at most 80 characters."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    printable = "".join(char if char.isprintable() else " " for char in value.split("\0")[0])
    return " ".join(printable.split())[:80]


def number(value: object) -> float | None:
    """Return an EXIF number where it is positive and finite, else None (a fraction may have the denominator 0)."""
    if isinstance(value, (tuple, list)) and value:
        value = value[0]
    try:
        result = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return result if math.isfinite(result) and result > 0 else None


def camera(make: object, model: object) -> str:
    """Return maker and model; many cameras repeat the maker in the model."""
    maker, name = text(make), text(model)
    if not name or name.lower().startswith(maker.lower()):
        return name or maker
    return f"{maker} {name}"


def exposure_settings(tags: dict[int, Any]) -> str:
    """Return focal length, aperture, exposure time and sensitivity as photographers write them."""
    parts = []
    if (focal_length := number(tags.get(FOCAL_LENGTH))) is not None:
        parts.append(f"{focal_length:.3g} mm" if focal_length < 1000 else f"{focal_length:.0f} mm")
    if (aperture := number(tags.get(F_NUMBER))) is not None:
        parts.append(f"f/{aperture:.2g}" if aperture < 10 else f"f/{aperture:.0f}")
    if (exposure := number(tags.get(EXPOSURE_TIME))) is not None:
        parts.append(f"1/{1 / exposure:.0f} s" if exposure < 0.3 else f"{exposure:.3g} s")
    if (iso := number(tags.get(ISO))) is not None:
        parts.append(f"ISO {iso:.0f}")
    return " \u00b7 ".join(parts)


def taken(value: object) -> str:
    """Return when the picture was taken, by the camera's clock, or nothing where the camera had none."""
    try:
        moment = datetime.strptime(text(value), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return ""
    return f"{moment.day} {moment:%B %Y, %H:%M}"
