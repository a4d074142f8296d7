"""The documentation says what the code does: every name, option, setting and id of the one is in the other."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.management import CommandParser, load_command_class
from django.core.management.base import BaseCommand

import django_sqs
from django_sqs import exceptions, message, pytest_plugin, signals, testing
from django_sqs.conf import KNOWN, Conf
from django_sqs.message import BaseMessage
from django_sqs.models import FailedMessage
from django_sqs.queue_options import OPERATOR_NAMES, QueueOptions
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.sending.options import SendOptions
from tests.org import code, page, pages
from tests.test_layers import ROWS

PACKAGE = Path(django_sqs.__file__).parent
COMMANDS = sorted(path.stem for path in (PACKAGE / "management/commands").glob("[!_]*.py"))
PAGES = [pytest.param(one, id=one.name) for one in pages()]

#: Settings that only 0.x had; the page about the upgrade names them.
OLD_SETTINGS = {"SQS_WAIT_TIME", "SQS_WAIT_CYCLES"}
#: Not a setting, but a variable of the environment that boto3 reads.
OF_BOTO3 = {"AWS_DEFAULT_REGION"}


def names_in(kind: type[Any]) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


# --- settings and checks ---------------------------------------------------------------------------------------------


def settings_tables() -> dict[str, str]:
    """The default of each documented setting."""
    tables = [table for table in page("settings").tables if table.rows[0][:2] == ["setting", "default"]]
    return {name: cell for table in tables for name, cell in table.cells("setting", "default").items()}


def test_every_setting_is_explained_and_none_that_there_is_not() -> None:
    assert sorted(settings_tables()) == sorted(KNOWN)
    assert sorted(page("README").table("Settings", "setting").cells("setting", "default")) == sorted(KNOWN)


@pytest.mark.parametrize("name", KNOWN)
def test_the_default_of_a_setting_is_as_documented(name: str) -> None:
    default = vars(Conf)[name].default
    assert [ast.literal_eval(text) for text in code(settings_tables()[name])] == [default]
    # The README may say it in words.
    for text in code(page("README").table("Settings", "setting").cells("setting", "default")[name]):
        assert ast.literal_eval(text) == default


@pytest.mark.parametrize("one", PAGES)
def test_a_page_names_no_setting_that_there_is_not(one: Any) -> None:
    allowed = {*KNOWN, *OF_BOTO3, *(OLD_SETTINGS if one.name == "upgrade.org" else ())}
    assert set(re.findall(r"\b(?:SQS|AWS)_[A-Z_]*[A-Z]\b", one.text)) <= allowed


def test_every_system_check_is_explained() -> None:
    found = set(re.findall(r"django_sqs\.[EW]\d{3}", (PACKAGE / "checks.py").read_text(encoding="utf-8")))
    assert found
    assert set(page("settings").table("System checks", "id").cells("id", "what is wrong")) == found


# --- commands --------------------------------------------------------------------------------------------------------


def parser_of(command: str) -> CommandParser:
    return load_command_class("django_sqs", command).create_parser("manage.py", command)


def own_options(command: str) -> dict[str, Any]:
    """The options of a command that Django does not give to all, with their defaults; the queues as "queue"."""
    base = {action.dest for action in BaseCommand().create_parser("manage.py", "any")._actions}
    own = [action for action in parser_of(command)._actions if action.dest not in base]
    return {(action.option_strings or [action.dest])[0]: action.default for action in own}


def test_every_command_is_in_the_readme() -> None:
    documented = page("README").table("Commands", "command")
    assert sorted(name.removeprefix("manage.py ") for name in documented.cells("command", "what it does")) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_lists_the_options_of_a_command_with_their_defaults(command: str) -> None:
    table = page("README").table("Options of the commands", "command")
    listed = dict(text.partition(" ")[::2] for text in code(table.cells("command", "options")[command]))
    options = own_options(command)
    assert listed.keys() == options.keys()
    for name, default in options.items():
        if isinstance(default, (int, float, str)) and not isinstance(default, bool):
            assert type(default)(listed[name]) == default, name


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_gives_the_usage_of_a_command(command: str) -> None:
    usages = [text for one in pages() for text in one.code if text.startswith(f"manage.py {command} ")]
    if command == "runreceiver":
        usages = page("running").table("Options", "option").column("option")
    named = set(re.findall(r"--[a-z-]+", " ".join(usages))) - {"--verbosity"}
    assert named == {name for name in own_options(command) if name.startswith("--")}


@pytest.mark.parametrize("one", PAGES)
def test_a_command_line_has_no_option_that_there_is_not(one: Any) -> None:
    # Of each command line no more than its own line, and in prose no more than what is marked as code.
    lines = [line for block in one.blocks for line in block.text.splitlines()] + one.code
    for line in lines:
        for command, rest in re.findall(r"\b(runreceiver|sqs_[a-z]+)\b([^#|;&]*)", line):
            if command in COMMANDS:
                known = set(parser_of(command)._option_string_actions)
                assert set(re.findall(r"(?<!\S)\[?(--[a-z-]+)", rest)) <= known, f"{one.name}: {line}"


@pytest.mark.parametrize("one", PAGES)
def test_a_page_names_no_command_that_there_is_not(one: Any) -> None:
    fixtures = {"sqs_outbox", "sqs_server"}
    assert set(re.findall(r"(?<!\w)(?<!django_)sqs_[a-z_]+", one.text)) <= {*COMMANDS, *fixtures}


# --- options and names -----------------------------------------------------------------------------------------------


def test_every_option_of_a_queue_is_explained_with_its_default() -> None:
    documented = page("receivers").table("Options", "option").cells("option", "default")
    assert documented.keys() == names_in(QueueOptions)
    for field in dataclasses.fields(QueueOptions):
        for text in code(documented[field.name]):
            if text not in (*KNOWN, "Message"):
                assert ast.literal_eval(text) == field.default, field.name


def test_the_retry_delays_are_as_documented() -> None:
    default = tuple(QueueOptions().retry_delays)  # type: ignore[arg-type]
    cell = page("failed-messages").table("Retries", "option").cells("option", "default")["retry_delays"]
    assert ast.literal_eval(code(cell)[0]) == default
    assert page("receivers").table("Options", "option").cells("option", "default")["retry_delays"] == str(default)[1:-1]


def test_the_options_that_an_operator_may_set_are_listed() -> None:
    _, _, rest = page("settings").text.partition("The options that may be set here are ")
    assert code(rest.partition(", as ")[0]) == sorted(OPERATOR_NAMES)


def test_every_keyword_of_the_sending_is_explained() -> None:
    table = page("sending").table("Keywords that concern the sending", "keyword")
    assert table.cells("keyword", "what it says").keys() == names_in(SendOptions)


def test_every_public_name_is_in_the_readme() -> None:
    documented = set(page("README").table("Names", "name").cells("name", "what it is"))
    assert {f"django_sqs.{name}" for name in django_sqs.__all__} <= documented


@pytest.mark.parametrize(
    ("name", "module"), [("messages", message), ("testing", testing), ("testing", pytest_plugin)], ids=str
)
def test_every_name_of_a_module_is_on_its_page(name: str, module: ModuleType) -> None:
    names = getattr(module, "__all__", None) or [
        name for name in vars(module) if name.startswith("sqs_") and not name.startswith("_")
    ]
    words = set(re.findall(r"\w+", " ".join(page(name).code)))
    assert set(names) <= words


def test_every_exception_is_explained() -> None:
    raised = {
        name: value
        for name, value in vars(exceptions).items()
        if inspect.isclass(value) and issubclass(value, Exception) and value.__module__.startswith(exceptions.__name__)
    }
    tables = [table for table in page("errors").tables if table.rows[0][0] == "exception"]
    documented = {name for table in tables for name in table.cells("exception", "what it says")}
    assert documented == raised.keys() - {"DjangoSQSError", "AWSError"}
    for table in tables:
        if "also a" in table.rows[0]:
            for name, cell in table.cells("exception", "also a").items():
                bases = {base.__name__ for base in raised[name].__mro__}
                assert set(code(cell)) <= bases, name
    for name, cell in page("errors").table("AWS", "exception").cells("exception", "transient").items():
        assert raised[name].transient is (cell == "yes"), name


def test_every_signal_is_explained() -> None:
    names = {name for name in vars(signals) if name.startswith(("message_", "send_"))}
    assert page("monitoring").table("Signals", "signal").cells("signal", "when").keys() == names


def test_every_method_of_a_queue_is_explained() -> None:
    public = {name for name in dir(RegisteredQueue) if not name.startswith("_")} | {"name"}
    internal = {"ReceiverProxy", "physical", "create_attributes", "is_fifo", "is_async", "handlers"}
    table = page("receivers").table("RegisteredQueue", "method or attribute")
    documented = {name.partition("(")[0] for name in table.cells("method or attribute", "what it does")}
    assert documented == public - internal


def test_every_attribute_of_a_message_is_explained() -> None:
    documented = page("messages").table("What every message has", "attribute").cells("attribute", "what it is")
    own = {"message_attributes", "attribute_labels", "attributes"}
    methods = {"get_body", "set_body", "encode", "decode", "from_received"}
    assert documented.keys() == {name for name in dir(BaseMessage) if not name.startswith("_")} - methods | own


def test_every_field_of_a_failed_message_is_explained() -> None:
    fields = {field.name for field in FailedMessage._meta.get_fields()} - {"id"}
    assert page("failed-messages").table("FailedMessage", "field").cells("field", "what it holds").keys() == fields


def test_every_attribute_of_a_sent_message_is_explained() -> None:
    documented = page("testing").table("What is sent", "attribute").cells("attribute", "what it is")
    assert documented.keys() == names_in(testing.SentMessage) - {"id", "outgoing"}


def test_every_room_is_in_the_plan_of_the_house_in_its_order() -> None:
    plan = [code(cell) for cell in page("architecture").table("The house", "room").column("room")]
    rank = {name.removesuffix(".py").rstrip("/"): row for row, names in enumerate(plan) for name in names}
    rooms = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rank.keys() == rooms - {"__init__", "migrations"}
    ranks = [rank[name] for name in dict.fromkeys(name for row in ROWS for name in row) if name in rank]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("one", PAGES)
def test_a_dotted_name_can_be_imported(one: Any) -> None:
    for name in {name for text in one.code for name in re.findall(r"^django_sqs(?:\.[A-Za-z]\w*)+", text)}:
        if re.fullmatch(r"django_sqs\.[EW]\d{3}", name):
            continue
        assert resolves(name), f"{one.name}: there is no {name}"


def resolves(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        parent, _, attribute = name.rpartition(".")
        return hasattr(importlib.import_module(parent), attribute)
    return True
