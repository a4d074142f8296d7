"""The page of the documentation that shows the results: each program's report stands between two comments."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from benchmarks.measuring.program import ROOT
from benchmarks.measuring.report import Report

PAGE = ROOT / "docs" / "benchmarks.org"
_WIDTH = 110


def write(report: Report, page: Path = PAGE) -> None:
    """Replace what the page shows of this program. Raises `ValueError` where the page has no place for it."""
    text = page.read_text(encoding="ascii")
    begin, end = f"# results of {report.name}", f"# end of {report.name}"
    pattern = re.compile(f"^{re.escape(begin)}\n.*?^{re.escape(end)}$", re.DOTALL | re.MULTILINE)
    if not pattern.search(text):
        raise ValueError(f"{page.name} has no lines '{begin}' and '{end}'.")
    made = f"{begin}\n{_wrapped(report.text())}{end}"
    page.write_text(pattern.sub(lambda found: made, text), encoding="ascii")


def _wrapped(text: str) -> str:
    """Paragraphs in lines of moderate width; tables as they are."""
    paragraphs = text.rstrip("\n").split("\n\n")
    lines = [one if one.startswith("|") else textwrap.fill(one, _WIDTH, break_on_hyphens=False) for one in paragraphs]
    return "\n\n".join(lines) + "\n\n"
