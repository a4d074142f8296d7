"""Copy the checkout without the package, so that its tests can only import an installed one.

    python .ci/stage.py TARGET

Fails where django_sqs can still be imported from elsewhere than this Python's own packages.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import sysconfig
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

# Only these: the example's templates may well have a folder of such a name.
LEFT_OUT = {CHECKOUT / name for name in ("django_sqs", "build", "dist", "example_project/data")}


def left_out(folder: str, names: list[str]) -> set[str]:
    """What copytree is to leave out of a folder."""
    made = {name for name in names if name.startswith(".") or name.endswith((".egg-info", "__pycache__"))}
    return made - {".ci"} | {name for name in names if Path(folder, name) in LEFT_OUT}


def main(target: Path) -> str | None:
    """Copy; return what is wrong with the package that would be tested, or None."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(CHECKOUT, target, ignore=left_out)
    os.chdir(target)
    sys.path[0] = ""
    found = importlib.util.find_spec("django_sqs")
    if found is None or found.origin is None:
        return "django_sqs is not installed."
    if Path(sysconfig.get_path("purelib")).resolve() not in Path(found.origin).resolve().parents:
        return f"The tests would import {found.origin}, which is not the installed wheel's."
    print(f"tests in {target}, django_sqs from {found.origin}")
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
