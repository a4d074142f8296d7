"""The README and the pages of docs/ as data: blocks, tables, headings, links, and what is marked as code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
README = CHECKOUT / "README.org"
DOCS = CHECKOUT / "docs"

_BEGIN = re.compile(r"#\+begin_(\w+)(?: +(\S+))?(?: +(.*))?\Z")
_LINK = re.compile(r"\[\[([^]]+)]\[([^]]+)]]")
# Org's rule: a mark opens after a space or an opening bracket, and closes before a space or a closing one.
_CODE = re.compile(r"(?:(?<=[\s(\[{'\"|-])|^)([=~])(?=\S)(.+?)(?<=\S)\1(?=[\s.,;:!?'\")\]}|-]|$)", re.MULTILINE)
_ITALIC = re.compile(r"(?:(?<=\s)|^)/([\w ]+)/(?=[\s.,:])", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """What stands between #+begin_ and #+end_."""

    kind: str
    language: str
    arguments: str
    text: str
    #: Of the first line of the text.
    line: int

    @property
    def file(self) -> str | None:
        """The file that it belongs into, as its header argument :tangle says."""
        found = re.search(r":tangle (\S+)", self.arguments)
        return found.group(1) if found else None


@dataclass(frozen=True)
class Table:
    """A table under a heading. The first row is its header."""

    heading: str
    rows: list[list[str]]

    def column(self, name: str) -> list[str]:
        """The cells below this header."""
        index = self.rows[0].index(name)
        return [row[index] for row in self.rows[1:]]

    def cells(self, key: str, value: str) -> dict[str, str]:
        """The cells of one column by the code in another: a row for `=a=, =b=` stands for both."""
        pairs = zip(self.column(key), self.column(value), strict=True)
        return {name: cell for names, cell in pairs for name in code(names)}


def code(text: str) -> list[str]:
    """What is marked as code, by = or by ~."""
    return [match.group(2) for match in _CODE.finditer(text)]


class Page:
    """One file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self.text = path.read_text(encoding="utf-8")
        self.lines = self.text.splitlines()

    @cached_property
    def blocks(self) -> list[Block]:
        found, begin, start = [], None, 0
        for number, line in enumerate(self.lines, 1):
            match = _BEGIN.match(line)
            if match:
                assert begin is None, f"{self.name}:{number}: a block begins within a block"
                begin, start = match, number
            elif line.startswith("#+end_"):
                assert begin is not None, f"{self.name}:{number}: a block ends that has not begun"
                assert line == f"#+end_{begin[1]}", f"{self.name}:{number}: {line} ends a {begin[1]}"
                text = "\n".join(self.lines[start : number - 1]) + "\n"
                found.append(Block(begin[1], begin[2] or "", begin[3] or "", text, start + 1))
                begin = None
        assert begin is None, f"{self.name}: a block does not end"
        return found

    @cached_property
    def outside(self) -> list[tuple[int, str]]:
        """The lines, with their numbers, that are in no block."""
        inside = {n for block in self.blocks for n in range(block.line - 1, block.line + block.text.count("\n") + 1)}
        return [(number, line) for number, line in enumerate(self.lines, 1) if number not in inside]

    @property
    def prose(self) -> str:
        """All that is in no block."""
        return "\n".join(line for _, line in self.outside)

    @cached_property
    def headings(self) -> list[str]:
        return [line.lstrip("*").strip() for _, line in self.outside if re.match(r"\*+ ", line)]

    @cached_property
    def code(self) -> list[str]:
        """What is marked as code in the prose, in the order of the page."""
        return code(self.prose)

    @cached_property
    def links(self) -> list[str]:
        return [match.group(1) for match in _LINK.finditer(self.prose)]

    @cached_property
    def tables(self) -> list[Table]:
        tables: list[Table] = []
        heading, before = "", False
        for _, line in self.outside:
            if re.match(r"\*+ ", line):
                heading = line.lstrip("*").strip()
            is_row = line.startswith("|")
            if is_row and not before:
                tables.append(Table(heading, []))
            if is_row and not line.startswith("|-"):
                tables[-1].rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
            before = is_row
        return tables

    def table(self, heading: str, header: str) -> Table:
        """The table under this heading whose first column is called so."""
        found = [table for table in self.tables if table.heading == heading and table.rows[0][0] == header]
        assert len(found) == 1, f"{self.name} has {len(found)} tables of {header!r} under {heading!r}"
        return found[0]

    def bare_prose(self) -> Iterator[tuple[int, str]]:
        """The lines outside of blocks, without links, code and emphasis: words alone."""
        for number, line in self.outside:
            if not line.startswith("#+"):
                text = _LINK.sub(lambda match: match.group(2), line)
                yield number, _ITALIC.sub(r"\1", _CODE.sub("", text))


def pages() -> list[Page]:
    """README.org and the pages of docs/."""
    return [Page(README), *map(Page, sorted(DOCS.glob("*.org")))]


def page(name: str) -> Page:
    """The page of this name: "settings" for docs/settings.org."""
    return Page(README if name == "README" else DOCS / f"{name}.org")
