"""The commands as a person or a script runs them: processes, exit statuses, a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.end_to_end.harness import ROOT, World, wait_for
from tests.http_stub import answering


def terminal(world: World, *arguments: str, answer: str = "", seconds: float = 60) -> tuple[int, str]:
    """Run a command on a terminal, answer its first question, and return its exit status and all that was seen."""
    pid, descriptor = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execve(sys.executable, [sys.executable, "-m", "django", *arguments], world.environment)
    seen, end = b"", time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if not select.select([descriptor], [], [], 0.1)[0]:
                continue
            try:
                seen += os.read(descriptor, 65536)
            except OSError:  # how Linux says that the other side is closed
                break
            if answer and b"[y/N] " in seen:
                os.write(descriptor, f"{answer}\n".encode())
                answer = ""
        else:
            os.kill(pid, signal.SIGKILL)
            raise AssertionError(f"it did not end in {seconds} s: {seen!r}")
    finally:
        os.close(descriptor)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, seen.decode()


def test_a_day_of_an_operator(world: World) -> None:
    assert f"{world.prefix}__plain would be created." in world.manage("sqs_setup", "--dry-run", "plain").stdout
    assert world.manage("sqs_setup", "plain", "slow").stdout == (
        f"{world.prefix}__plain created.\n{world.prefix}__slow created.\n"
    )
    world.send("plain", *"abcde")

    table = world.manage("sqs_status", "plain", "slow").stdout.splitlines()
    assert [line.split() for line in table[1:]] == [
        ["plain", "5", "0", "0"],
        ["slow", "0", "0", "0"],
        ["total", "5", "0", "0"],
    ]
    (plain,) = json.loads(world.manage("sqs_status", "--json", "plain").stdout)["queues"]
    assert (plain["full_name"], plain["waiting"]) == (f"{world.prefix}__plain", 5)

    waited = world.manage("sqs_wait", "plain", "--timeout", "1", check=False)
    assert waited.returncode == 1
    assert "Not empty after 1 seconds: 5 messages are left." in waited.stderr

    assert world.manage("sqs_clear", "plain").stdout == f"{world.prefix}__plain: 5 deleted.\n"
    assert world.manage("sqs_wait", "plain", "slow").stdout == "Empty.\n"


def test_waiting_ends_when_the_receivers_are_done(world: World) -> None:
    world.send("slow", *[f"0.2 m{number}" for number in range(5)])
    with world.running("slow") as receiver:
        assert world.manage("sqs_wait", "slow", "--timeout", "60").stdout == "Empty.\n"
        assert world.runs("slow", "end") == {f"m{number}": 1 for number in range(5)}
        receiver.signal(signal.SIGTERM)
        assert receiver.wait() == 0


def test_a_clear_does_not_touch_what_a_receiver_holds(world: World) -> None:
    world.send("slow", "3 held")
    with world.running("slow"):
        wait_for(lambda: world.runs("slow"), what="the start of the receiver")
        world.send("plain", "x")
        cleared = world.manage("sqs_clear", "slow").stdout
        assert "0 deleted. About 1 in flight were left" in cleared
        wait_for(lambda: world.runs("slow", "end"), what="the end of the receiver")


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (["sqs_status"], {"SQS_ENDPOINT_URL": "http://127.0.0.1:9"}, r"SQS does not answer at http://127.0.0.1:9 "),
        (["sqs_setup"], {"SQS_ENDPOINT_URL": "http://127.0.0.1:9"}, r"SQS does not answer at http://127.0.0.1:9 "),
        (["sqs_clear"], {"SQS_ENDPOINT_URL": "http://127.0.0.1:9"}, r"SQS does not answer at http://127.0.0.1:9 "),
        (["sqs_wait"], {"SQS_ENDPOINT_URL": "http://127.0.0.1:9"}, r"SQS does not answer at http://127.0.0.1:9 "),
        (["sqs_status", "nope"], {}, r"No queue is registered as 'nope'"),
        (["sqs_clear", "nope"], {}, r"No queue is registered as 'nope'"),
        (["sqs_wait", "--suffix", "nope"], {}, r"No registered queue has the suffix 'nope'"),
    ],
)
def test_an_error_is_one_sentence_on_stderr_and_status_1(
    world: World, arguments: list[str], environment: dict[str, str], sentence: str
) -> None:
    result = world.manage(*arguments, check=False, **environment)
    assert result.returncode == 1
    assert re.match(rf"CommandError: {sentence}", result.stderr), result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["sqs_status", "sqs_setup", "sqs_clear", "sqs_wait"])
def test_denied_credentials_are_one_sentence(world: World, command: str) -> None:
    with answering(403, "AccessDeniedException", "no policy allows it") as url:
        result = world.manage(command, "plain", check=False, SQS_ENDPOINT_URL=url)
    assert result.returncode == 1
    assert result.stderr.startswith("CommandError: AWS denied GetQueueUrl on the queue")
    assert result.stderr.count("\n") == 1


def test_a_missing_prefix_stops_a_command_with_a_hint(world: World) -> None:
    result = world.manage("sqs_status", check=False, SQS_QUEUE_PREFIX="", DJANGO_SQS_TEST_DEBUG="1")
    assert result.returncode == 1
    assert "django_sqs.E001" in result.stderr
    assert "HINT: Add SQS_QUEUE_PREFIX" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wrong_argument_is_refused_with_the_usage(world: World) -> None:
    result = world.manage("sqs_wait", "--timeout=soon", check=False)
    assert result.returncode == 2
    assert "argument --timeout: 'soon' is no number of seconds" in result.stderr


def test_on_a_terminal_clear_asks_and_shows_a_bar(world: World) -> None:
    world.send("plain", *map(str, range(30)))
    status, seen = terminal(world, "sqs_clear", "plain", answer="n")
    assert status == 1
    assert "Nothing was deleted." in seen
    assert world.counts("plain")[0] == 30
    status, seen = terminal(world, "sqs_clear", "plain", answer="y")
    assert status == 0
    assert re.search(rf"{world.prefix}__plain: +\d+%\|.*/30 ", seen), seen
    assert f"{world.prefix}__plain: 30 deleted." in seen
    status, seen = terminal(world, "sqs_clear", "plain", "--no-input")
    assert (status, "[y/N]" in seen) == (0, False)


def test_on_a_terminal_wait_shows_a_bar(world: World) -> None:
    world.send("plain", "x")
    status, seen = terminal(world, "sqs_wait", "plain", "--timeout=1")
    assert status == 1
    assert re.search(r"Waiting: +0%\|.*0/1 ", seen), seen


def test_ctrl_c_ends_a_wait_without_a_traceback(world: World) -> None:
    world.send("plain", "x")
    command = [sys.executable, "-m", "django", "sqs_wait", "plain", "--verbosity=3"]
    with subprocess.Popen(
        command, cwd=ROOT, env=world.environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            # No output tells that it waits: the time that a whole command takes is enough.
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(4)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, errors) == (130, "Interrupted.\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_local_server_serves_until_a_signal(tmp_path: Path, world: World, number: signal.Signals) -> None:
    # None of the settings that other commands need.
    environment = {**world.environment, "SQS_QUEUE_PREFIX": "", "DJANGO_SQS_TEST_DEBUG": "1"}
    environment.pop("PYTHONWARNINGS")
    command = [sys.executable, "-m", "django", "sqs_local", "--port", "0"]
    log = tmp_path / "log"
    with (
        log.open("w") as output,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            found = wait_for(lambda: re.search(r'SQS_ENDPOINT_URL = "(\S+)"', log.read_text()), what="the address")
            result = world.manage("sqs_setup", "plain", SQS_ENDPOINT_URL=found[1])
            assert result.stdout == f"{world.prefix}__plain created.\n"
            process.send_signal(number)
            assert process.wait(20) == 0
        finally:
            process.kill()
    # Neither the requests nor the end left a trace.
    assert len(log.read_text().splitlines()) == 6


def test_a_long_poll_does_not_hold_up_the_end_of_the_local_server() -> None:
    command = [sys.executable, "-m", "django_sqs.local", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        world = process.stdout.readline().strip()
        poll = f"""
import boto3
sqs = boto3.client("sqs", endpoint_url={world!r}, region_name="us-east-1")
url = sqs.create_queue(QueueName="q")["QueueUrl"]
print("polling", flush=True)
sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
"""
        with subprocess.Popen(
            [sys.executable, "-c", poll], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as poller:
            try:
                assert poller.stdout is not None
                assert poller.stdout.readline() == "polling\n"
                begun = time.monotonic()
                process.terminate()
                assert process.wait(20) == 0
                assert time.monotonic() - begun < 5
            finally:
                poller.kill()


def test_the_status_page_over_http(world: World) -> None:
    world.send("plain", "x", "y")
    world.manage("sqs_setup")
    code = """
import sys
from wsgiref.simple_server import make_server, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

WSGIRequestHandler.log_message = lambda *args: None
server = make_server("127.0.0.1", 0, get_wsgi_application())
print(server.server_port, flush=True)
server.serve_forever()
"""
    environment = {**world.environment, "DJANGO_SQS_TEST_DEBUG": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            page = f"http://127.0.0.1:{process.stdout.readline().strip()}/sqs/status"
            with urllib.request.urlopen(page, timeout=30) as answer:
                assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
                text = answer.read().decode()
            assert re.search(r"^plain +2 +0 +0$", text, re.MULTILINE)
            assert text == world.manage("sqs_status").stdout
            asked = urllib.request.Request(page, headers={"Accept": "application/json"})
            with urllib.request.urlopen(asked, timeout=30) as answer:
                assert any(one["waiting"] == 2 for one in json.load(answer)["queues"])
        finally:
            process.kill()
