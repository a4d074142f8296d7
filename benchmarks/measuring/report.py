"""What a program has found: tables, and targets that were met or not. As Org text, which is plain to read too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    """Rows of cells under a header. The first column is text, the others are numbers."""

    title: str
    header: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The table in Org's form."""
        everything = [list(self.header), *map(list, self.rows)]
        widths = [max(len(row[column]) for row in everything) for column in range(len(self.header))]
        lines = [self._line(row, widths) for row in everything]
        lines.insert(1, "|" + "+".join("-" * (width + 2) for width in widths) + "|")
        return lines

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        cells = [
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "| " + " | ".join(cells) + " |"


@dataclass(frozen=True)
class Target:
    """One number that is to be at least, or at most, another."""

    text: str
    value: float
    bound: float
    at_least: bool = True

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def row(self) -> Sequence[str]:
        """As a row of the table of targets."""
        wanted = f"{'at least' if self.at_least else 'at most'} {self.bound:.3g}"
        return (self.text, wanted, f"{self.value:.3g}", "met" if self.met else "missed")


@dataclass
class Report:
    """All that one program has to say."""

    #: The program's name.
    name: str
    tables: list[Table] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The report as Org text, for the terminal and for the documentation."""
        paragraphs = list(self.notes)
        for table in self.tables:
            paragraphs += [f"{table.title}:", "\n".join(table.lines())]
        if self.targets:
            rows = [target.row() for target in self.targets]
            targets = Table("Targets", ("target", "wanted", "found", "result"), rows)
            paragraphs += [f"{targets.title}:", "\n".join(targets.lines())]
        return "\n\n".join(paragraphs) + "\n"

    @property
    def missed(self) -> list[Target]:
        return [target for target in self.targets if not target.met]
