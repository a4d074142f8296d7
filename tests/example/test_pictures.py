from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from photos import imaging
from runner import pictures

SMALL = (400, 300)


def test_painted_pictures_have_a_cameras_size_format_and_exif_data(tmp_path: Path) -> None:
    (path,) = pictures.make_pictures(tmp_path, 1)
    developed = imaging.develop(path.read_bytes())
    assert (developed.width, developed.height) == (4000, 3000)
    assert set(developed.exif) == {"camera", "lens", "settings", "taken"}
    assert len(developed.exif["settings"].split(" \u00b7 ")) == 4
    # A camera's file is large: one that is not would prove nothing about large files.
    assert path.stat().st_size > 1_000_000


def test_as_many_as_asked_for_are_painted_each_with_a_name_and_a_caption(tmp_path: Path) -> None:
    paths = list(pictures.make_pictures(tmp_path, 14, SMALL))
    captions = json.loads((tmp_path / pictures.CAPTIONS_FILE).read_text())
    assert [path.name for path in paths] == [entry["photo"] for entry in captions]
    assert len({path.name for path in paths}) == 14
    assert all(entry["caption"] for entry in captions)


def test_no_two_scenes_look_alike(tmp_path: Path) -> None:
    paths = list(pictures.make_pictures(tmp_path, len(pictures.SCENES), SMALL))
    tiny = set()
    for path in paths:
        with Image.open(path) as picture:
            tiny.add(picture.resize((2, 2)).tobytes())
    assert len(tiny) == len(pictures.SCENES)


def test_an_upright_scene_is_stored_on_its_side_and_shown_upright(tmp_path: Path) -> None:
    index = next(index for index, scene in enumerate(pictures.SCENES) if scene.upright)
    path = list(pictures.make_pictures(tmp_path, index + 1, SMALL))[index]
    with Image.open(path) as stored:
        assert stored.size == SMALL
    developed = imaging.develop(path.read_bytes())
    assert (developed.width, developed.height) == (300, 400)


def test_captions_come_from_the_file_beside_the_pictures(tmp_path: Path) -> None:
    entries = [{"photo": "a.jpg", "caption": "A"}, {"photo": "gone.jpg", "caption": "B"}]
    (tmp_path / pictures.CAPTIONS_FILE).write_text(json.dumps(entries))
    assert pictures.read_captions(tmp_path, ["a.jpg", "b.jpg"]) == [("a.jpg", "A")]


def test_without_that_file_captions_are_made_of_the_names(tmp_path: Path) -> None:
    assert pictures.read_captions(tmp_path, ["old_mill-1.jpg"]) == [("old_mill-1.jpg", "old mill 1")]


@pytest.mark.parametrize("text", ["{", '{"a": 1}', '[{"photo": "a"}]', "[1]", "\xff"])
def test_a_captions_file_that_cannot_be_understood_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / pictures.CAPTIONS_FILE).write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=r"captions\.json must hold a list"):
        pictures.read_captions(tmp_path, ["a.jpg"])
