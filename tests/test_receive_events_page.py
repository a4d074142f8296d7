"""The examples of the pages about messages do what the pages say."""

from __future__ import annotations

import json
import sys
import types
from typing import Any

import pytest

from django_sqs import queues, send
from django_sqs.message import Base64Message
from django_sqs.testing import capture, run_receivers
from tests.message import samples
from tests.org import Block, page

pytestmark = pytest.mark.usefixtures("own_queues")


def example(name: str, heading: str, number: int = 0) -> dict[str, Any]:
    """What a block of Python under a heading defines."""
    one = page(name)
    at = {text.lstrip("*").strip(): line for line, text in one.outside if text.startswith("*")}
    start = at[heading]
    end = min((line for line in at.values() if line > start), default=len(one.lines))
    found = [block for block in one.blocks if block.language == "python" and start < block.line < end]
    return run(found[number])


def run(block: Block) -> dict[str, Any]:
    # Dataclasses look up the module that they are of.
    module = sys.modules["shop.receivers"] = types.ModuleType("shop.receivers")
    exec(compile(block.text, "the page", "exec", dont_inherit=True), module.__dict__)
    return module.__dict__


def deliver(queue: str, *wires: str, **attributes: Any) -> list[Any]:
    """Let the receiver of a queue have what others sent; returns the state of each, or why it was rejected."""
    cls = queues[queue].message_class
    with capture() as sent:
        for wire in wires:
            send(queue, cls.from_received({"Body": wire}), message_attributes=attributes)
        run_receivers(queue)
    return [one.state if one.error is None else str(one.error) for one in sent]


def test_the_example_of_s3(capsys: pytest.CaptureFixture[str]) -> None:
    example("receive-events", "S3")
    removal = samples.s3_record("ObjectRemoved:Delete", key="a%20b", size=None)
    wire = samples.s3_notification(samples.s3_record(key="a+b"), removal)
    states = deliver("uploads", wire, samples.s3_test_event(), samples.s3_event_of_event_bridge(), "{}")
    assert states[:3] == ["succeeded"] * 3
    assert "is no event of S3" in states[3]
    assert capsys.readouterr().out == "new photos a b 1024\ngone photos a b\nnew photos a.jpg 1024\n"


def test_the_example_of_sns(capsys: pytest.CaptureFixture[str]) -> None:
    example("receive-events", "SNS")
    author = {"author": {"Type": "String", "Value": "me"}}
    assert deliver("news", samples.envelope("hello", Subject="greeting", MessageAttributes=author)) == ["succeeded"]
    assert deliver("prices", samples.envelope('{"article": 7, "price": 1.5}')) == ["succeeded"]
    assert (
        "open the address in its SubscribeURL"
        in deliver("prices", samples.envelope(Type="SubscriptionConfirmation"))[0]
    )
    assert capsys.readouterr().out == f"greeting hello me\n{samples.TOPIC} 7 1.5\n"


def test_the_example_of_event_bridge(capsys: pytest.CaptureFixture[str]) -> None:
    example("receive-events", "EventBridge")
    assert deliver("images", json.dumps(samples.event()), json.dumps(samples.event(source="x"))) == ["succeeded"] * 2
    assert capsys.readouterr().out == "2026-05-04 03:02:01+00:00 111122223333 eu-west-1 shop\n"


def test_the_example_that_pretends_to_be_s3(capsys: pytest.CaptureFixture[str]) -> None:
    example("receive-events", "S3")
    pretend = example("receive-events", "Try it")["pretend"]
    with capture():
        pretend("a b.jpg")
        run_receivers("uploads")
    assert capsys.readouterr().out == "new photos a b.jpg 3\n"


def test_the_example_of_other_programs(capsys: pytest.CaptureFixture[str]) -> None:
    export = example("receive-events", "Other programs")["export"]
    with capture() as sent:
        export()
    assert (sent[0].body, sent[0].message_attributes) == ('{"article":7}', {"source": "shop"})
    assert deliver("imports", '{"article": 8}', source="till") == ["succeeded"]
    assert capsys.readouterr().out == "8 till\n"


def test_the_example_of_dataclasses(capsys: pytest.CaptureFixture[str]) -> None:
    names = example("messages", "Dataclasses")
    with capture() as sent:
        names["place"](7, [names["Line"](article="tea", price=names["Decimal"]("2.50"), count=2)])
        run_receivers("orders")
    assert [one.state for one in sent] == ["succeeded"]
    assert capsys.readouterr().out == "7 5.00\n"


def test_the_error_that_the_page_shows_is_the_one_that_is_raised() -> None:
    example("messages", "Dataclasses")
    lines = [{"article": "a", "price": 1}] * 2 + [{"article": "a", "price": "abc"}]
    (reason,) = deliver("orders", json.dumps({"number": 7, "at": "2026-05-04T03:02:01Z", "lines": lines}))
    shown = "lines[2].price is 'abc', which is not a decimal number"
    assert shown in " ".join(page("messages").text.split())
    assert shown in reason


def test_the_example_of_pydantic(capsys: pytest.CaptureFixture[str]) -> None:
    joined = example("messages", "Dataclasses", 1)["joined"]
    with capture() as sent:
        joined(7, "Ada")
        run_receivers("customers")
    assert sent[0].body == '{"number":7,"name":"Ada"}'
    assert capsys.readouterr().out == "Ada\n"
    assert "2 validation errors for Customer" in deliver("customers", '{"number": "x"}')[0]


def test_the_example_of_bodies_in_s3(capsys: pytest.CaptureFixture[str]) -> None:
    report = example("messages", "S3PayloadMessage")["report"]
    with capture():
        report([1, 2, 3])
        run_receivers("reports")
    assert capsys.readouterr().out == "3\n"


def test_the_examples_of_boto2(capsys: pytest.CaptureFixture[str]) -> None:
    later = example("messages", "boto2's formats")["later"]
    with capture() as sent:
        later("run")
        run_receivers("old-jobs")
    assert sent[0].body == "command: run\n"
    assert deliver("old-mails", Base64Message(body="hello").raw_body, "no base64!")[0] == "succeeded"
    assert "is no base64 of UTF-8" in deliver("old-mails", "no base64!")[0]
    example("messages", "boto2's formats", 1)
    assert deliver("mixed", Base64Message(body="hello").raw_body, "plain text") == ["succeeded"] * 2
    assert capsys.readouterr().out == "run localhost\nhello\nhello\nplain text\n"
