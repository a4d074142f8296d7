"""The stand-in as a process: its control endpoint, its start and its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.standin.process import StandIn, StandInError
from tests.benchmarks.live import client_of, in_background, wait_for, waiting

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.end_to_end


def test_a_queue_is_filled_without_a_request_for_each_message(standin: StandIn, client: SQSClient, url: str) -> None:
    standin.fill("q", 1000, bytes=20, prefix="n")

    message = client.receive_message(QueueUrl=url)["Messages"][0]

    assert message["Body"] == "n0".ljust(20, ".")
    assert standin.counters()["queues"]["q"]["visible"] == 999
    assert standin.counters()["actions"]["SendMessageBatch"]["requests"] == 0


def test_counters_begin_again_and_the_queues_stay(standin: StandIn, client: SQSClient, url: str) -> None:
    client.send_message(QueueUrl=url, MessageBody="a")

    standin.reset()

    counters = standin.counters()
    assert counters["actions"]["SendMessage"]["requests"] == 0
    assert (counters["queues"]["q"]["sent"], counters["queues"]["q"]["visible"]) == (0, 1)
    standin.reset(queues=True)
    assert standin.counters()["queues"] == {}


def test_the_control_endpoint_says_what_it_does_not_understand(standin: StandIn) -> None:
    with pytest.raises(StandInError, match="There is no fault 'explode'"):
        standin.control(faults=[{"kind": "explode"}], latency_ms=9)
    with pytest.raises(StandInError, match="There is no latency to set"):
        standin.control(latency=9)
    with pytest.raises(StandInError, match="There is no limit flight"):
        standin.control(limits={"flight": 9})
    with pytest.raises(StandInError, match="a number of milliseconds"):
        standin.control(latency_ms="long")
    with pytest.raises(StandInError, match="does not exist"):
        standin.fill("no such queue", 1)

    assert standin.control()["latency_ms"] == 0, "nothing of a request that was refused is done"
    assert standin.control(limits={"in_flight": 7})["limits"]["in_flight"] == 7
    standin.control(limits={"in_flight": 120_000})


def test_it_ends_at_once_on_sigterm_also_while_polls_wait() -> None:
    with StandIn(queues=["q"]) as standin:
        client = client_of(standin)
        url = client.get_queue_url(QueueName="q")["QueueUrl"]
        thread, _ = in_background(lambda: client.receive_message(QueueUrl=url, WaitTimeSeconds=20))
        wait_for(lambda: waiting(standin, 1))
        process = standin._running()

        started_at = time.monotonic()
        os.kill(process.pid, signal.SIGTERM)

        assert process.wait(5) == 0
        assert time.monotonic() - started_at < 2
        thread.join()
        with pytest.raises(StandInError, match="has ended, with status 0"):
            standin.counters()


def test_it_ends_when_the_process_that_started_it_is_killed() -> None:
    program = (
        "import time\nfrom benchmarks.standin.process import StandIn\n"
        "with StandIn() as s:\n    print(s.pid, flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.kill()

    def gone() -> bool:
        status = Path(f"/proc/{pid}/stat")
        # Whoever adopts it may not have fetched its exit status yet.
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"

    wait_for(gone)


def test_a_port_that_is_taken_is_said(server: StandIn, capfd: pytest.CaptureFixture[str]) -> None:
    port = int(server.endpoint_url.rpartition(":")[2])

    with pytest.raises(StandInError, match="did not start"):
        StandIn(port=port).start()

    assert f"cannot listen on 127.0.0.1:{port}" in capfd.readouterr().err


def test_another_protocol_is_told_what_this_one_is(standin: StandIn) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(standin.endpoint_url, data=b"Action=ListQueues&Version=2012-11-05", timeout=5)

    with caught.value as answer:
        assert answer.code == 400
        assert "speaks the JSON protocol" in json.load(answer)["message"]
    assert standin.counters()["malformed"] == 1
