"""Copy the checkout without the package, so that its tests can only import an installed one.

python .ci/stage.py TARGET
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

# What is made, not written; and the package, at the top only: templates may well be in a folder of that name.
MADE = (".git", ".venv", ".tox", ".hypothesis", "*_cache", "__pycache__", "*.egg-info")
LEFT_OUT = {CHECKOUT / name for name in ("django_sqs", "build", "dist", "example_project/data")}

ignore_made = shutil.ignore_patterns(*MADE)


def left_out(folder: str, names: list[str]) -> set[str]:
    """What copytree is to leave out of a folder."""
    return ignore_made(folder, names) | {name for name in names if Path(folder, name) in LEFT_OUT}


if __name__ == "__main__":
    target = Path(sys.argv[1]).resolve()
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(CHECKOUT, target, ignore=left_out)
