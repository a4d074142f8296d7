"""Check what a built wheel and source distribution hold.

python .ci/wheel_contents.py DIST
"""

from __future__ import annotations

import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "django_sqs"

# Metadata that the package is found and judged by.
FIELDS = {
    "Name": "django-sqs",
    "License-Expression": "BSD-3-Clause",
    "License-File": "LICENSE",
    "Requires-Python": ">=3.10",
    "Description-Content-Type": "text/plain",
}


def written() -> set[str]:
    """Every file of the package in the checkout, as the wheel names it."""
    return {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }


def faults_of_wheel(path: Path) -> Iterator[str]:
    """What is wrong with the wheel, a sentence each."""
    with zipfile.ZipFile(path) as wheel:
        names = {name for name in wheel.namelist() if not name.endswith("/")}
        info = next(name.split("/")[0] for name in names if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(wheel.read(f"{info}/METADATA").decode())
        entry_points = wheel.read(f"{info}/entry_points.txt").decode()
    packaged = {name for name in names if not name.startswith(f"{info}/")}
    for name in sorted(written() - packaged):
        yield f"{name} is missing"
    for name in sorted(packaged - written()):
        yield f"{name} does not belong there"
    for name in ("django_sqs/py.typed", "django_sqs/migrations/0001_initial.py"):
        if name not in packaged:
            yield f"{name} is missing"
    for field, value in FIELDS.items():
        if metadata[field] != value:
            yield f"its {field} is {metadata[field]!r}, not {value!r}"
    if not metadata.get_payload():
        yield "it has no description"
    if "django_sqs = django_sqs.pytest_plugin" not in entry_points:
        yield "it has no pytest plugin"


def faults_of_source(path: Path) -> Iterator[str]:
    """What is wrong with the source distribution: a wheel could not be built from it."""
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in sorted({"LICENSE", "README.org", "pyproject.toml", "setup.cfg", *written()} - names):
        yield f"{name} is missing"


def main(folder: Path) -> int:
    """Print every fault; return how many there are."""
    (wheel,) = folder.glob("*.whl")
    (source,) = folder.glob("*.tar.gz")
    faults = [(wheel, fault) for fault in faults_of_wheel(wheel)]
    faults += [(source, fault) for fault in faults_of_source(source)]
    for path, fault in faults:
        print(f"{path.name}: {fault}")
    print(f"{wheel.name}, {source.name}: {len(written())} files of the package, {len(faults)} faults")
    return min(len(faults), 1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
