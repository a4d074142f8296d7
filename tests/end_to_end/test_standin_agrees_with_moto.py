"""The stand-in and moto, given the same requests, answer alike; where they do not, it is known why.

The scripts are in ``tests/benchmarks/agreeing.py`` and ``differing.py``. Each runs against both
servers over HTTP. Where they differ both answers are written down: when moto changes its mind, a
test says so.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from benchmarks.standin.process import StandIn
from tests.benchmarks.agreeing import AGREEING
from tests.benchmarks.differing import DIFFERING, Difference
from tests.benchmarks.queues import Queues

# On port 0 moto takes a free port and says which.
MOTO = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def standin() -> Iterator[str]:
    """The endpoint of a stand-in."""
    with StandIn() as server:
        yield server.endpoint_url


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The endpoint of moto's server, in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", MOTO]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "moto's server did not start"
        yield f"http://127.0.0.1:{port}"
        process.terminate()


@pytest.mark.parametrize("script", AGREEING, ids=lambda script: script.__name__)
def test_both_answer_alike(standin: str, moto: str, script: Callable[[Queues], Any]) -> None:
    assert script(Queues(standin)) == script(Queues(moto))


@pytest.mark.parametrize("difference", DIFFERING, ids=lambda difference: difference.script.__name__)
def test_where_they_differ_both_answer_as_is_known(standin: str, moto: str, difference: Difference) -> None:
    assert difference.script(Queues(standin)) == difference.standin, difference.reason
    assert difference.script(Queues(moto)) == difference.moto, "moto has changed"
    assert difference.standin != difference.moto
