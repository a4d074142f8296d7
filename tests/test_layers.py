"""Imports run one way, files and functions stay short, and importing the package costs little.

The table is the plan of the house: a module imports from its own row and from those above it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import django_sqs

PACKAGE = Path(django_sqs.__file__).parent
CHECKOUT = Path(__file__).parent.parent
MAX_LINES_OF_FILE = 300
MAX_LINES_OF_FUNCTION = 40

# From the foundation up. A name stands for a module, or for a package and all that is in it.
ROWS: tuple[tuple[str, ...], ...] = (
    ("exceptions", "near_names", "signals"),
    ("conf",),
    ("models",),
    ("message",),
    ("aws",),
    ("sending",),
    ("caller", "queue_names", "queue_options", "receiver_proxy", "registered_queue", "registry"),
    ("selection",),
    ("receiving",),
    ("failed_messages", "resending", "setup_queues", "shared_reading", "status", "waiting"),
    (
        "",  # django_sqs/__init__.py: what the package shows of all this
        "admin",
        "apps",
        "checks",
        "local",
        "management",
        "pytest_plugin",
        "task_backend",
        "testing",
        "urls",
        "views",
    ),
)
RANKS = {name: rank for rank, row in enumerate(ROWS) for name in row}


class Import(NamedTuple):
    """One import of a module."""

    line: int
    target: str  # dotted, absolute
    lazy: bool  # inside a function: it runs when the function does
    for_types: bool  # under "if TYPE_CHECKING": it never runs


def modules() -> Iterator[Path]:
    """Every module of the package; migrations are history, which nobody imports."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path


def dotted(path: Path) -> str:
    """The dotted name of a module, ``django_sqs`` included."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    """The first name below ``django_sqs``."""
    return module.split(".")[1] if "." in module else ""


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def imports(path: Path) -> tuple[Import, ...]:
    """Every import of a module, wherever it stands in it."""
    return tuple(_imports(path, tree(path), lazy=False, for_types=False))


def _imports(path: Path, node: ast.AST, *, lazy: bool, for_types: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(child.lineno, alias.name, lazy, for_types)
        elif isinstance(child, ast.ImportFrom):
            for target in _targets(path, child):
                yield Import(child.lineno, target, lazy, for_types)
        else:
            yield from _imports(
                path,
                child,
                lazy=lazy or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)),
                for_types=for_types or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)),
            )


def _targets(path: Path, node: ast.ImportFrom) -> Iterator[str]:
    """The modules that ``from ... import ...`` loads: a name may be a module of the package."""
    base = node.module or ""
    if node.level:
        package = dotted(path) if path.name == "__init__.py" else dotted(path).rpartition(".")[0]
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, *filter(None, [node.module])])
    if base.split(".")[0] != "django_sqs":
        yield base
        return
    for alias in node.names:
        place = PACKAGE.joinpath(*base.split(".")[1:], alias.name)
        is_module = place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()
        yield f"{base}.{alias.name}" if is_module else base


def own(path: Path) -> Iterator[Import]:
    """The imports of a module that stay within the package."""
    return (found for found in imports(path) if found.target.split(".")[0] == "django_sqs")


def cases() -> list[object]:
    return [pytest.param(path, id=dotted(path)) for path in modules()]


@pytest.mark.parametrize("path", cases())
def test_a_module_imports_from_its_own_row_and_those_above(path: Path) -> None:
    name = room(dotted(path))
    assert name in RANKS, f"{dotted(path)} is in no row. Say in ROWS where it stands, or move it into a room."
    wrong = [
        f"line {found.line}: {found.target}"
        for found in own(path)
        if RANKS.get(room(found.target), len(ROWS)) > RANKS[name]
    ]
    assert not wrong, f"{dotted(path)} imports from a row below its own: {wrong}"


def test_no_two_modules_import_each_other() -> None:
    graph = {
        dotted(path): {found.target for found in own(path) if not (found.lazy or found.for_types)} - {dotted(path)}
        for path in modules()
    }
    while leaves := {name for name, targets in graph.items() if not targets & graph.keys()}:
        for name in leaves:
            del graph[name]
    assert not graph, f"these import each other, or from those that do: {sorted(graph)}"


@pytest.mark.parametrize("path", cases())
def test_only_the_aws_rooms_import_boto3(path: Path) -> None:
    if room(dotted(path)) == "aws":
        return
    wrong = [
        f"line {found.line}: {found.target}"
        for found in imports(path)
        if found.target.split(".")[0] in ("boto3", "botocore") and not found.for_types
    ]
    assert not wrong, f"only django_sqs/aws/ calls AWS, and {dotted(path)} imports {wrong}"


@pytest.mark.parametrize("path", cases())
def test_tables_are_imported_inside_functions(path: Path) -> None:
    # Django's admin is only imported once all models are.
    if room(dotted(path)) in ("admin", "models"):
        return
    wrong = [
        found.line for found in own(path) if room(found.target) == "models" and not (found.lazy or found.for_types)
    ]
    assert not wrong, f"{dotted(path)} imports models while it is imported itself, at line {wrong}"


@pytest.mark.parametrize("folder", ["django_sqs", "tests", "example_project", "benchmarks"])
def test_files_and_functions_stay_short(folder: str) -> None:
    paths = list((PACKAGE if folder == "django_sqs" else CHECKOUT / folder).rglob("*.py"))
    assert paths
    long_files = {path.name: size for path in paths if (size := length(path)) > MAX_LINES_OF_FILE}
    assert not long_files, f"files of more than {MAX_LINES_OF_FILE} lines: {long_files}"
    long_functions = {
        f"{path.name}:{node.lineno} {node.name}": size
        for path in paths
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (size := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_LINES_OF_FUNCTION
    }
    assert not long_functions, f"functions of more than {MAX_LINES_OF_FUNCTION} lines: {long_functions}"


def length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_every_directory_of_modules_is_a_package() -> None:
    bare = {path.parent for path in PACKAGE.rglob("*.py") if not (path.parent / "__init__.py").is_file()}
    assert not bare, f"setup.cfg's find: leaves out {bare}, which have no __init__.py"


def test_importing_the_package_loads_neither_boto3_nor_a_model() -> None:
    # django.db.models itself may be loaded: it is a library. A model is a module of an application.
    program = (
        "import sys, django_sqs\n"
        "print(*(name for name in sys.modules if name.split('.')[0] in ('boto3', 'botocore', 'moto', 'tqdm')\n"
        "        or name.startswith('django.contrib.') or name == 'django_sqs.models'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=PACKAGE.parent
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
