"""Which files of a folder are fed to the site."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from photos.imaging import SUFFIXES
from runner.pictures import CAPTIONS_FILE
from runner.processes import Failed

# SQS has no such limit; the demo should be over soon, and the local server slows with the number of messages waiting.
MOST_PICTURES = 200


@dataclass(frozen=True)
class Choice:
    """The pictures of a folder, in the order of their names, and a sentence for each thing that was left out."""

    pictures: list[Path]
    left_out: list[str]


def choose(folder: Path, count: int | None = None) -> Choice:
    """Choose the pictures of a folder by their suffixes; folders in it are not entered.

    Raises Failed, with what to do, where there is no such folder, it cannot be read, or it holds no picture.
    """
    if not folder.exists():
        raise Failed(f"There is no folder {folder}.")
    if not folder.is_dir():
        raise Failed(f"{folder} is a file. Name the folder that holds the pictures.")
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise Failed(f"The folder {folder} cannot be read: {error.strerror}.") from error
    files = [entry for entry in entries if entry.is_file()]
    named = [file for file in files if file.suffix.lower() in SUFFIXES]
    pictures = [file for file in named if os.access(file, os.R_OK)]
    if not pictures:
        raise Failed(f"No picture in {folder} can be read. Pictures are files named {', '.join(SUFFIXES)}.")
    limit = count if count is not None else MOST_PICTURES
    return Choice(pictures[:limit], left_out(files, named, pictures, limit))


def left_out(files: list[Path], named: list[Path], pictures: list[Path], limit: int) -> list[str]:
    """Say what is not fed, and why."""
    sentences = []
    others = [file.name for file in files if file not in named and file.name != CAPTIONS_FILE]
    if others:
        sentences.append(f"Left out, not named like a picture: {few(others)}.")
    unreadable = [file.name for file in named if file not in pictures]
    if unreadable:
        sentences.append(f"Left out, may not be read: {few(unreadable)}.")
    if len(pictures) > limit:
        sentences.append(f"The first {limit} of {len(pictures)} pictures are taken; --count sets another number.")
    return sentences


def few(names: list[str], most: int = 5) -> str:
    """The first few of some names, and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
