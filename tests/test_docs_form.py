"""The documentation can be read and pasted: blocks compile, links lead somewhere, the log's actions are all there."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import django_sqs
from django_sqs.queue_options import QueueOptions
from tests.org import CHECKOUT, Page, code, page, pages
from tests.test_docs import names_in, resolves

PACKAGE = Path(django_sqs.__file__).parent
PAGES = [pytest.param(one, id=one.name) for one in pages()]
BLOCKS = [pytest.param(block, id=f"{one.name}:{block.line}") for one in pages() for block in one.blocks]
PYTHON = [case for case in BLOCKS if case.values[0].language == "python"]

LEVELS = ("debug", "info", "warning", "error", "critical")
MAX_COLUMNS = 130


# --- blocks ----------------------------------------------------------------------------------------------------------


def test_there_are_blocks_to_be_tested() -> None:
    assert len(PYTHON) > 20


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_source_says_in_which_language(block: Any) -> None:
    assert block.kind in ("src", "example")
    assert bool(block.language) is (block.kind == "src")


@pytest.mark.parametrize("block", PYTHON)
def test_a_block_of_python_compiles_without_warnings(block: Any) -> None:
    compile(block.text, "a block", "exec", dont_inherit=True)
    assert max(map(len, block.text.splitlines())) <= 105, "it would not fit where it is shown"


@pytest.mark.parametrize("block", PYTHON)
def test_a_block_of_python_imports_what_there_is(block: Any) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "django_sqs":
            for alias in node.names:
                assert resolves(f"{node.module}.{alias.name}")


@pytest.mark.parametrize("block", PYTHON)
def test_a_block_of_python_uses_what_it_imports_and_imports_what_it_uses(block: Any) -> None:
    tree = ast.parse(block.text)
    imported = {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert not imported - names
    ours = {name for name in (*django_sqs.__all__, "capture", "run_receivers", "JSONMessage") if name in names}
    bound = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert not ours - imported - bound


@pytest.mark.parametrize("block", PYTHON)
def test_a_block_of_python_registers_queues_with_options_that_there_are(block: Any) -> None:
    tree = ast.parse(block.text)
    if not any(isinstance(node, ast.ImportFrom) and node.module == "django_sqs" for node in ast.walk(tree)):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("receiver", "register"):
            assert {keyword.arg for keyword in node.keywords} <= names_in(QueueOptions)


@pytest.mark.parametrize("block", [case for case in BLOCKS if case.values[0].language == "json"])
def test_a_block_of_json_is_json(block: Any) -> None:
    json.loads(block.text)


# --- the log ---------------------------------------------------------------------------------------------------------


def logged() -> dict[str, str]:
    """The level of each action that the package logs."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                for level, action in _logged_by(node, node.func.attr):
                    found[action] = level.upper()
    return found


def _logged_by(call: ast.Call, method: str) -> Iterator[tuple[str, str]]:
    if method == "_log":  # (level, message, action, text, ...)
        level, action = call.args[0], call.args[2]
        assert isinstance(level, ast.Attribute)
        assert isinstance(action, ast.Constant)
        yield level.attr, str(action.value)
    elif method in LEVELS:
        for extra in (keyword.value for keyword in call.keywords if keyword.arg == "extra"):
            if isinstance(extra, ast.Dict):
                pairs = zip(extra.keys, extra.values, strict=True)
                texts = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "action"]
            else:
                assert isinstance(extra, ast.Call) or ast.unparse(extra) == "extra", ast.unparse(extra)
                texts = [extra.args[-1]] if isinstance(extra, ast.Call) and extra.args else []
            yield from ((method, str(text.value)) for text in texts if isinstance(text, ast.Constant))


def test_every_action_of_the_log_is_explained_with_its_level() -> None:
    table = page("running").table("The log", "=action=")
    assert table.cells("=action=", "level") == logged()


def test_every_action_of_aws_is_in_a_policy_or_beside_its_method() -> None:
    called = set(re.findall(r'(?:_call|_translated)\(\s*"(\w+)"', (PACKAGE / "aws/physical_queue.py").read_text()))
    assert "SendMessage" in called
    assert set(re.findall(r"\bsqs:([A-Z]\w+)", page("iam").text + page("receivers").text)) == called
    assert set(re.findall(r"\bsqs:([A-Z]\w+)", page("iam").text)) == called - {"DeleteQueue"}


# --- form ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", PAGES)
def test_a_page_begins_with_its_title_and_steps_down_one_heading_at_a_time(one: Page) -> None:
    assert re.match(r"#\+TITLE: \S", one.lines[0])
    depths = [len(line.split()[0]) for _, line in one.outside if re.match(r"\*+ ", line)]
    assert all(after <= before + 1 for before, after in zip([0, *depths], depths, strict=False))


@pytest.mark.parametrize("one", PAGES)
def test_every_link_leads_somewhere(one: Page) -> None:
    for link in one.links:
        name, _, heading = link.removeprefix("file:").partition("::*") if "::" in link else (link, "", "")
        if link.startswith("*"):
            assert link[1:] in one.headings, link
            continue
        assert link.startswith("file:"), link
        target = one.path.parent / name.removeprefix("file:")
        assert target.is_file(), link
        if heading:
            assert heading in Page(target).headings, link


def test_every_page_is_linked_from_the_readme() -> None:
    _, _, contents = page("README").text.partition("* Documentation")
    linked = re.findall(r"file:docs/([\w-]+\.org)", contents)
    assert sorted(linked) == [one.name for one in pages() if one.name != "README.org"]


@pytest.mark.parametrize("one", PAGES)
def test_the_rows_of_a_table_are_as_long_as_its_header(one: Page) -> None:
    for table in one.tables:
        assert {len(row) for row in table.rows} == {len(table.rows[0])}, table.rows[0]
        assert len(table.rows) > 1


@pytest.mark.parametrize("one", PAGES)
def test_code_is_marked_as_code(one: Page) -> None:
    """What Org would take for a subscript, or leave as it is since the marks around it do not fit."""
    for number, line in one.bare_prose():
        if not line.startswith("|-"):
            wrong = re.findall(r"\w_\w|[=~`]|https?:", line)
            assert not wrong, f"{one.name}:{number}: {line.strip()}"


@pytest.mark.parametrize("one", PAGES)
def test_a_page_is_plain_text_of_moderate_width(one: Page) -> None:
    assert one.text.isascii()
    assert "\t" not in one.text
    assert one.text.endswith("\n")
    for number, line in enumerate(one.lines, 1):
        assert line == line.rstrip(), f"{one.name}:{number} ends with a space"
        assert line.startswith("|") or len(line) <= MAX_COLUMNS, f"{one.name}:{number} has {len(line)} characters"


def test_the_module_that_reads_pages_knows_code_from_words() -> None:
    assert code("=a=, ~b=1~ and =c d=; not x=1 nor ~= y") == ["a", "b=1", "c d"]
    assert (CHECKOUT / "setup.cfg").is_file()
