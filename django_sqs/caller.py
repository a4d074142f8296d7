"""Where in the user's own code we were called."""

from __future__ import annotations

import os
import sys

_PACKAGE = os.path.join(os.path.dirname(__file__), "")  # noqa: PTH118, PTH120 - as code objects spell it


def stack_level() -> int:
    """The `stacklevel` with which `warnings.warn()`, called where this is called, points at the line of the user's code
    whatever lies between. (Python 3.12 has skip_file_prefixes= for that.)"""
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
        level += 1
    return level
