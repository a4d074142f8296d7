"""The stand-in and moto, given the same requests, answer alike; where they do not, it is known why.

The scripts are in ``tests/benchmarks/agreeing.py`` and ``differing.py``. Each runs against both
servers over HTTP. Where they differ both answers are written down: when moto changes its mind, a
test says so.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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


def ask_both(script: Callable[[Queues], Any], *endpoints: str) -> list[Any]:
    """Run a script against each of the servers, at the same time; their answers."""
    with ThreadPoolExecutor(len(endpoints)) as threads:
        return list(threads.map(lambda endpoint: script(Queues(endpoint)), endpoints))


@pytest.mark.parametrize("script", AGREEING, ids=lambda script: script.__name__)
def test_both_answer_alike(standin: str, moto: str, script: Callable[[Queues], Any]) -> None:
    ours, motos = ask_both(script, standin, moto)

    assert ours == motos


@pytest.mark.parametrize("difference", DIFFERING, ids=lambda difference: difference.script.__name__)
def test_where_they_differ_both_answer_as_is_known(standin: str, moto: str, difference: Difference) -> None:
    ours, motos = ask_both(difference.script, standin, moto)

    assert ours == difference.standin, difference.reason
    assert motos == difference.moto, "moto has changed"
    assert difference.standin != difference.moto
