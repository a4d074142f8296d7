from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from django_sqs import local
from django_sqs.exceptions import ServerMissing, ServerNotStarted
from django_sqs.local import LocalServer, serve

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer() as server:
        yield server


@pytest.fixture
def no_moto(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "moto" else find_spec(name))


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def client(service: Any, server: LocalServer) -> Any:
    settings = server.settings
    return boto3.client(
        service,
        endpoint_url=settings["SQS_ENDPOINT_URL"],
        region_name=settings["AWS_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
    )


def test_it_is_an_sqs(server: LocalServer) -> None:
    sqs = client("sqs", server)
    url = sqs.create_queue(QueueName="emails")["QueueUrl"]
    assert url.startswith(server.endpoint_url)
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "hello"


def test_it_is_nothing_but_an_sqs(server: LocalServer) -> None:
    for path in ("/moto-api/", "/moto-api/data.json", "/latest/meta-data/"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(server.endpoint_url + path)
        assert refused.value.code in (404, 405)
    with pytest.raises(Exception, match=r"(?i)404|not found|unknown|SQS|parse"):
        client("sns", server).create_topic(Name="news")
    with pytest.raises(Exception, match=r"(?i)404|not found|unknown|parse"):
        client("s3", server).create_bucket(Bucket="pictures")


def test_it_listens_on_the_loopback_address_only_and_on_a_free_port(server: LocalServer) -> None:
    with LocalServer() as other:
        assert other.endpoint_url.startswith("http://127.0.0.1:")
        assert other.endpoint_url != server.endpoint_url


def test_a_stopped_server_does_not_answer_and_can_be_stopped_again() -> None:
    server = LocalServer()
    server.start()
    process = server._process
    assert process is not None
    server.stop()
    assert process.returncode == 0
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(server.endpoint_url, timeout=5)
    server.stop()


def test_it_writes_nothing_whatever_is_asked_of_it(capfd: pytest.CaptureFixture[str]) -> None:
    with LocalServer() as server:
        client("sqs", server).list_queues()
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(server.endpoint_url + "/no/such/path")
    assert capfd.readouterr() == ("", "")


def test_a_server_with_strict_warnings_around_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    with LocalServer() as server:
        client("sqs", server).list_queues()


def test_a_taken_port_is_told(taken_port: int) -> None:
    with pytest.raises(ServerNotStarted, match=rf"port {taken_port}: .*in use.*--port"):
        LocalServer(port=taken_port).start()
    with pytest.raises(ServerNotStarted, match=r"in use"):
        serve(port=taken_port)


def test_a_host_that_is_not_ours_is_told() -> None:
    with pytest.raises(ServerNotStarted, match=r"192\.0\.2\.1"):
        serve(host="192.0.2.1", port=0)


@pytest.mark.usefixtures("no_moto")
def test_without_moto_it_says_what_to_install() -> None:
    for start in (serve, LocalServer().start):
        with pytest.raises(ServerMissing, match=r'pip install "django-sqs\[local\]"'):
            start()


def test_a_server_that_does_not_start_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    # A program that only sleeps stands in for a server that hangs.
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    popen = subprocess.Popen
    monkeypatch.setattr(local.subprocess, "Popen", lambda command, **options: popen(sleeper, **options))
    server = LocalServer()
    with pytest.raises(ServerNotStarted, match="ended with status -9"):
        server.start(timeout=0.2)
    assert server._process is None


def test_it_ends_with_the_process_that_started_it() -> None:
    code = """
import os, signal, sys
from django_sqs.local import LocalServer

server = LocalServer()
server.start()
print(server._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    # No pipe for its errors: the server would hold it, and a server that stays would hold up this test.
    parent = subprocess.run(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=60,
        cwd=ROOT,
    )
    assert parent.returncode == -signal.SIGKILL
    child = int(parent.stdout)
    for _ in range(1000):
        if not alive(child):
            return
        signal.sigtimedwait([], 0.01)
    os.kill(child, signal.SIGKILL)
    raise AssertionError("the server outlived its parent")


def alive(pid: int) -> bool:
    """Does this process run? (One that has ended may stay in the table until its parent looks.)"""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (("127.0.0.1", 1), "http://127.0.0.1:1"),
        (("0.0.0.0", 1), "http://127.0.0.1:1"),
        (("::1", 1), "http://[::1]:1"),
        (("::", 1), "http://[::1]:1"),
    ],
)
def test_the_address_is_one_that_clients_can_use(address: tuple[str, int], url: str) -> None:
    assert local._url(*address) == url


def test_as_a_program_it_tells_its_address_or_what_is_wrong(taken_port: int) -> None:
    command = [sys.executable, "-m", "django_sqs.local", "--port"]
    failed = subprocess.run([*command, str(taken_port)], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert failed.returncode == 1
    assert failed.stdout.startswith("The local SQS server cannot listen")
    assert failed.stderr == ""
    with subprocess.Popen([*command, "0"], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        # GET is no request that SQS knows: any answer will do.
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(url + "/x")
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
