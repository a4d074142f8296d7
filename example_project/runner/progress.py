"""The progress bars of the programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn, TypeVar

from tqdm import tqdm

T = TypeVar("T")


def bar(title: str, total: int) -> tqdm[NoReturn]:
    """A bar that counts pictures, to be updated by hand."""
    return tqdm(total=total, desc=title, unit="picture")


def counted(things: Iterable[T], title: str, total: int) -> Iterable[T]:
    """The same things, counted by a bar as they come."""
    return tqdm(things, desc=title, total=total, unit="picture")
