"""What is published agrees with itself, and names no place of one developer's machine."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import django_sqs

ROOT = Path(__file__).parent.parent

# Directories of the checkout that hold what is made, not what is written.
MADE = {".git", ".venv", ".tox", "build", "data", "dist", "__pycache__", "results"}

# The home directories of Linux, macOS and root. (The brackets keep this line from matching itself.)
HOME_PATH = re.compile(r"/(?:home|Users)/\w|/roo[t]\b")


@pytest.fixture(scope="module")
def config() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def written_files() -> Iterator[Path]:
    """Every text file of the checkout that a person wrote."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [
            name for name in folders if name not in MADE and not name.endswith(("_cache", ".egg-info", ".hypothesis"))
        ]
        for name in files:
            if not name.endswith((".pyc", ".sqlite3", ".jpg", ".jpeg", ".png", ".ico")):
                yield Path(folder, name)


def test_no_file_names_a_home_directory() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in written_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if HOME_PATH.search(line)
    ]
    assert not wrong, f"a path that exists on one machine only stands in {wrong}"


def test_the_search_for_home_directories_finds_them() -> None:
    # Built from parts, or the test above would find them here.
    for path in ("/ho" + "me/ann/x", "/Us" + "ers/ann", "/ro" + "ot/x", "cd /ro" + "ot"):
        assert HOME_PATH.search(path), path
    assert not HOME_PATH.search("https://example.org/rooted")
    assert ROOT / "setup.cfg" in set(written_files())


def test_the_changelog_begins_with_the_version_that_is_packaged(config: configparser.ConfigParser) -> None:
    # A literal in the module is read without importing it, when the package is built.
    assert config["metadata"]["version"] == "attr: django_sqs.__version__"
    versions = re.findall(r"^\* (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.org").read_text(encoding="utf-8"), re.MULTILINE)
    assert versions[0] == django_sqs.__version__


def test_the_readme_begins_with_its_title() -> None:
    first = (ROOT / "README.org").read_text(encoding="utf-8").splitlines()[0]
    assert re.fullmatch(r"#\+TITLE: django-sqs\b.*", first, re.IGNORECASE), first


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(django_sqs.__file__).parent / "py.typed").is_file()


@pytest.mark.parametrize("extra", ["local", "tasks", "metrics", "telemetry", "dev"])
def test_every_promised_extra_exists(config: configparser.ConfigParser, extra: str) -> None:
    assert config["options.extras_require"][extra].strip()


def test_python_has_no_upper_bound(config: configparser.ConfigParser) -> None:
    assert config["options"]["python_requires"] == ">=3.10"
    assert "<" not in config["options"]["install_requires"]
