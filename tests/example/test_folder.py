from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner import folder
from runner.processes import Failed


def fill(directory: Path, *names: str) -> Path:
    directory.mkdir(exist_ok=True)
    for name in names:
        (directory / name).write_bytes(b"x")
    return directory


def test_pictures_are_taken_by_suffix_and_in_order(tmp_path: Path) -> None:
    source = fill(tmp_path / "my pictures", "b.JPG", "a.png", "notes.txt", ".hidden.jpg")
    (source / "folder.jpg").mkdir()
    choice = folder.choose(source)
    assert [path.name for path in choice.pictures] == ["a.png", "b.JPG"]
    assert choice.left_out == ["Left out, not named like a picture: notes.txt."]


def test_a_count_takes_the_first_and_says_so(tmp_path: Path) -> None:
    choice = folder.choose(fill(tmp_path, "a.jpg", "b.jpg", "c.jpg"), 2)
    assert [path.name for path in choice.pictures] == ["a.jpg", "b.jpg"]
    assert choice.left_out == ["The first 2 of 3 pictures are taken; --count sets another number."]


def test_files_that_may_not_be_read_are_left_out_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a.jpg", "locked.jpg")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "locked.jpg")
    choice = folder.choose(tmp_path)
    assert [path.name for path in choice.pictures] == ["a.jpg"]
    assert choice.left_out == ["Left out, may not be read: locked.jpg."]


def test_many_names_are_counted_not_listed(tmp_path: Path) -> None:
    choice = folder.choose(fill(tmp_path, "a.jpg", *(f"{number}.txt" for number in range(8))))
    assert choice.left_out == ["Left out, not named like a picture: 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 3 more."]


def test_a_folder_that_is_missing_a_file_or_without_pictures_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="There is no folder"):
        folder.choose(tmp_path / "missing")
    fill(tmp_path, "a.txt")
    with pytest.raises(Failed, match="is a file"):
        folder.choose(tmp_path / "a.txt")
    with pytest.raises(Failed, match="No picture"):
        folder.choose(tmp_path)


def test_captions_come_with_the_pictures_and_are_not_left_out(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "b.jpg")
    (tmp_path / "captions.json").write_text('[{"photo": "b.jpg", "caption": "B"}]')
    choice = folder.choose(tmp_path)
    assert choice.captions == [("b.jpg", "B")]
    assert choice.left_out == []


def test_a_captions_file_that_cannot_be_understood_is_refused_before_anything_starts(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "captions.json")
    with pytest.raises(Failed, match=r"captions\.json must hold a list"):
        folder.choose(tmp_path)


def test_a_name_of_any_bytes_becomes_text_that_can_be_stored(tmp_path: Path) -> None:
    assert folder.shown_name(Path(os.fsdecode(b"caf\xe9.jpg"))) == "caf\N{REPLACEMENT CHARACTER}.jpg"
