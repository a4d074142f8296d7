"""Pictures for those who have none at hand: painted by the program, at a camera's size and with a camera's EXIF data.

Each is painted small and enlarged, so that a picture of 12 megapixels takes a fraction of a second.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps
from PIL.TiffImagePlugin import IFDRational

CAMERA_SIZE = (4000, 3000)
CAPTIONS_FILE = "captions.json"

# The picture is painted at a quarter of the camera's width.
SCALE = 4

EXIF_IFD = 0x8769
TURNED = 6  # EXIF orientation: the camera was held upright, its top to the right.


@dataclass(frozen=True)
class Scene:
    """What a picture shows: its caption, and its colours from the top of the sky to the foreground."""

    caption: str
    sky: tuple[str, str, str]
    ground: tuple[str, str]
    ridges: int = 5
    upright: bool = False


SCENES = (
    Scene("First light over the ridge", ("#27456b", "#c98a7a", "#f7d9a8"), ("#b98f8d", "#1f2536")),
    Scene("Fog in the valley", ("#8fa3ad", "#c6d0d2", "#eef0ea"), ("#b7c4c4", "#33474a"), ridges=7),
    Scene("The valley goes to sleep", ("#141d3a", "#6b4a7a", "#f08a5d"), ("#5a4569", "#10121f"), ridges=3),
    Scene("Spruces after the rain", ("#5f7f86", "#a9c0b6", "#dbe4cf"), ("#87a48f", "#16261f"), ridges=6, upright=True),
    Scene("Noon, and no wind", ("#2f7fc1", "#8fc1e3", "#e3f1f7"), ("#9db8a7", "#2f4f3a"), ridges=4),
    Scene("Dunes at low sun", ("#6d8aa8", "#e8c08c", "#fbe7c0"), ("#e0b579", "#7a4a24"), ridges=4),
    Scene("Storm coming in", ("#2a3138", "#56636c", "#9aa6a5"), ("#6c7a7c", "#1a1f22"), ridges=5),
    Scene("Heather in August", ("#7a8fb8", "#d6b7cf", "#f5e2e0"), ("#b48bb0", "#3b2444"), ridges=6),
    Scene("The far islands", ("#3a6f8f", "#9cc7cf", "#f2ead0"), ("#8fb4b8", "#1d3c4a"), ridges=5, upright=True),
    Scene("Snow light", ("#7f9bc4", "#c9d7ea", "#f7f8fb"), ("#d5dfec", "#51658a"), ridges=6),
    Scene("Embers", ("#1b1420", "#7d2f2f", "#f2a154"), ("#6b3234", "#150d12"), ridges=4),
    Scene("Blue hour", ("#0d1b3d", "#33538f", "#a7b9dd"), ("#3f5687", "#0a1024"), ridges=5),
)


def make_pictures(folder: Path, count: int, size: tuple[int, int] = CAMERA_SIZE) -> Iterator[Path]:
    """Paint pictures into a folder, and a file of their captions beside them; yield each path when it is written.

    The landscapes are the same every time; only their grain is not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    captions = []
    for index in range(count):
        scene = SCENES[index % len(SCENES)]
        path = folder / f"IMG_{index + 1:04}.jpg"
        paint(scene, random.Random(index), size).save(path, "JPEG", quality=88, exif=exif_for(scene, index))
        captions.append({"photo": path.name, "caption": scene.caption})
        yield path
    (folder / CAPTIONS_FILE).write_text(json.dumps(captions, indent=1) + "\n", encoding="utf-8")


def paint(scene: Scene, rng: random.Random, size: tuple[int, int]) -> Image.Image:
    """Return a landscape: a sky, a sun, and ridges that grow darker towards the viewer."""
    width, height = max(1, size[0] // SCALE), max(1, size[1] // SCALE)
    if scene.upright:
        width, height = height, width
    picture = paint_sky(scene, rng, (width, height))
    for index in range(scene.ridges):
        nearness = (index + 1) / scene.ridges
        colour = blend(scene.ground[0], scene.ground[1], nearness)
        picture.paste(colour, mask=ridge(rng, (width, height), nearness))
    picture = picture.filter(ImageFilter.GaussianBlur(0.6))
    grain = Image.effect_noise((width, height), 9).convert("RGB")
    picture = ImageChops.add(picture, grain, offset=-128)
    if scene.upright:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    return picture.resize(size, Image.Resampling.BICUBIC)


def paint_sky(scene: Scene, rng: random.Random, size: tuple[int, int]) -> Image.Image:
    """Return a sky that runs through its three colours, with a sun in it."""
    shade = Image.linear_gradient("L").resize(size)
    sky = ImageOps.colorize(shade, scene.sky[0], scene.sky[2], mid=scene.sky[1], midpoint=120)
    radius = rng.randint(size[1] // 40, size[1] // 16)
    centre = (rng.randint(size[0] // 5, size[0] * 4 // 5), rng.randint(size[1] // 4, size[1] // 2))
    # The gradient is 180 where the square's edge cuts it: inverted, 75. What lies outside the circle is nothing.
    glow = ImageOps.invert(Image.radial_gradient("L")).point(lambda value: max(0, value - 75) * 255 // 180)
    for reach, strength in ((11, 0.45), (5, 0.55)):
        halo = glow.resize((2 * radius * reach,) * 2).point(lambda value, share=strength: int(value * share))
        sky.paste(scene.sky[2], (centre[0] - radius * reach, centre[1] - radius * reach), halo)
    box = (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius)
    ImageDraw.Draw(sky).ellipse(box, fill=scene.sky[2])
    return sky


def ridge(rng: random.Random, size: tuple[int, int], nearness: float) -> Image.Image:
    """Return the mask of one ridge: a skyline made of waves, each shorter and lower than the one before."""
    width, height = size
    waves = [(2**octave * rng.uniform(0.7, 1.3), rng.uniform(0, math.tau), 0.5**octave) for octave in range(1, 7)]
    base, reach = height * (0.42 + 0.44 * nearness), height * 0.16
    skyline = [
        (x, base - reach * sum(share * math.sin(speed * x / width * math.pi + phase) for speed, phase, share in waves))
        for x in range(0, width + 4, 3)
    ]
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).polygon([(0, height), *skyline, (width + 4, height)], fill=255)
    return mask


def blend(first: str, second: str, share: float) -> tuple[int, int, int]:
    """Return a colour between two of the form #rrggbb."""
    one, two = bytes.fromhex(first[1:]), bytes.fromhex(second[1:])
    red, green, blue = (round(one[index] + (two[index] - one[index]) * share) for index in range(3))
    return red, green, blue


def exif_for(scene: Scene, index: int) -> Image.Exif:
    """Return what a camera would have written."""
    exif = Image.Exif()
    taken = datetime(2025, 8, 3, 5, 41, 10) + timedelta(days=index * 9, hours=index * 5 % 13, minutes=index * 17)
    exif[0x010F] = "Aperta"
    exif[0x0110] = "Aperta M4" if index % 3 else "Aperta Pocket"
    exif[0x0112] = TURNED if scene.upright else 1
    camera = exif.get_ifd(EXIF_IFD)
    camera[0x829A] = IFDRational(1, (60, 125, 250, 500, 1000)[index % 5])
    camera[0x829D] = (2.8, 4.0, 5.6, 8.0, 11.0)[index * 3 % 5]
    camera[0x8827] = (100, 200, 400, 800)[index % 4]
    camera[0x9003] = taken.strftime("%Y:%m:%d %H:%M:%S")
    camera[0x920A] = (24.0, 35.0, 50.0, 85.0)[index * 5 % 4] if index % 3 else 23.0
    camera[0xA434] = "Aperta 24-85mm f/2.8-4" if index % 3 else "23mm f/2"
    return exif


def read_captions(folder: Path, names: list[str]) -> list[tuple[str, str]]:
    """Return pairs of file name and caption for these files: from the folder's captions.json, else from the names.

    Raises ValueError where that file is there and cannot be understood.
    """
    path = folder / CAPTIONS_FILE
    if not path.is_file():
        return [(name, Path(name).stem.replace("_", " ").replace("-", " ").strip()) for name in names]
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        pairs = [(str(entry["photo"]), str(entry["caption"])) for entry in entries]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f'{path} must hold a list of {{"photo": "file name", "caption": "text"}}: {type(error).__name__}: {error}'
        ) from error
    wanted = set(names)
    return [pair for pair in pairs if pair[0] in wanted]
