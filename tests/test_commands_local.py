from __future__ import annotations

import io
import socket
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from django_sqs.management.commands import sqs_local

if TYPE_CHECKING:
    from pytest_django import Settings


def test_it_serves_where_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[tuple[str, int]] = []
    monkeypatch.setattr(sqs_local, "serve", lambda host, port, on_ready: served.append((host, port)))
    call_command("sqs_local")
    call_command("sqs_local", "--host", "0.0.0.0", "--port", "0")
    assert served == [("127.0.0.1", 9324), ("0.0.0.0", 0)]


def test_it_prints_the_settings_that_point_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqs_local, "serve", lambda host, port, on_ready: on_ready("http://127.0.0.1:9324"))
    out = io.StringIO()
    call_command("sqs_local", stdout=out)
    told: dict[str, object] = {}
    # What is indented can be pasted into the settings as it is.
    exec("\n".join(line.strip() for line in out.getvalue().splitlines() if line.startswith("    ")), told)
    assert {name: value for name, value in told.items() if name.isupper()} == {
        "SQS_ENDPOINT_URL": "http://127.0.0.1:9324",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "us-east-1",
    }


def test_a_taken_port_is_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CommandError, match=r"cannot listen at 127.0.0.1, port \d+: .*in use"):
            call_command("sqs_local", port=taken.getsockname()[1])


@pytest.mark.parametrize("port", ["x", "65536", "-1"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(CommandError, match="no port"):
        call_command("sqs_local", f"--port={port}")


def test_it_needs_no_settings_to_be_right(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.DEBUG = True
    settings.SQS_QUEUE_PREFIX = ""
    settings.SQS_ENDPOINT_URL = 3
    monkeypatch.setattr(sqs_local, "serve", lambda host, port, on_ready: None)
    sqs_local.Command().run_from_argv(["manage.py", "sqs_local"])
