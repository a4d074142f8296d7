"""Which files of a folder are fed to the site."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from photos.imaging import SUFFIXES
from runner.pictures import CAPTIONS_FILE, read_captions
from runner.processes import Failed

# SQS has no such limit; the demo should be over soon, and the local server slows with the number of messages waiting.
MOST_PICTURES = 200


@dataclass(frozen=True)
class Choice:
    """The pictures of a folder in the order of their names, their captions (pairs of file name and caption), and a
    sentence for each thing that was left out."""

    pictures: list[Path]
    captions: list[tuple[str, str]]
    left_out: list[str]


def choose(folder: Path, count: int | None = None) -> Choice:
    """Choose the pictures of a folder by their suffixes; folders in it are not entered.

    Raises Failed, with what to do, where there is no such folder, it cannot be read, or it holds no picture, and where
    its file of captions cannot be understood.
    """
    if not folder.exists():
        raise Failed(f"There is no folder '{folder}'.")
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
    chosen = pictures[:limit]
    return Choice(chosen, captions_of(folder, chosen), left_out(files, named, pictures, limit))


def captions_of(folder: Path, chosen: list[Path]) -> list[tuple[str, str]]:
    """The captions of these pictures, from the folder's file of captions, else made of their names."""
    try:
        return read_captions(folder, [shown_name(path) for path in chosen])
    except ValueError as error:
        raise Failed(str(error)) from error


def shown_name(path: Path) -> str:
    """A file's name in characters that a database takes; a name on disk may be any bytes."""
    return os.fsencode(path.name).decode("utf-8", "replace")


def left_out(files: list[Path], named: list[Path], pictures: list[Path], limit: int) -> list[str]:
    """Say what is not fed, and why."""
    sentences = []
    others = [shown_name(file) for file in files if file not in named and file.name != CAPTIONS_FILE]
    if others:
        sentences.append(f"Left out, not named like a picture: {few(others)}.")
    unreadable = [shown_name(file) for file in named if file not in pictures]
    if unreadable:
        sentences.append(f"Left out, may not be read: {few(unreadable)}.")
    if len(pictures) > limit:
        sentences.append(f"The first {limit} of {len(pictures)} pictures are taken; --count sets another number.")
    return sentences


def few(names: list[str], most: int = 5) -> str:
    """The first few of some names, and how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
