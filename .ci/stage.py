"""Copy the checkout without the package, so that its tests can only import an installed one.

python .ci/stage.py TARGET
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

# Only these: the example's templates may well have a folder of such a name.
LEFT_OUT = {CHECKOUT / name for name in ("django_sqs", "build", "dist", "example_project/data")}


def left_out(folder: str, names: list[str]) -> set[str]:
    """What copytree is to leave out of a folder."""
    made = {name for name in names if name.startswith(".") or name.endswith((".egg-info", "__pycache__"))}
    return made - {".ci"} | {name for name in names if Path(folder, name) in LEFT_OUT}


if __name__ == "__main__":
    target = Path(sys.argv[1]).resolve()
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(CHECKOUT, target, ignore=left_out)
