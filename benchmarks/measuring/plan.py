"""What the command line asks of every program."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring.environments import Peer
from benchmarks.measuring.program import ROOT, clean_environment
from benchmarks.measuring.runs import Bench
from benchmarks.measuring.turns import Turns
from benchmarks.standin.process import StandIn

_SETTINGS = "benchmarks.bench_contenders.site.settings"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`quick`: only to see that it works, on sizes that say nothing."""

    quick: bool = False
    rounds: int = 9
    peers: Sequence[Peer] = field(default_factory=tuple)

    @property
    def turns(self) -> Turns:
        """Runs of some seconds each."""
        return Turns(1, 0.2, 400) if self.quick else Turns(self.rounds, 3.0, 40_000)

    @property
    def limit(self) -> float:
        """After so many seconds a run is cut off."""
        return 20.0 if self.quick else 60.0

    @contextmanager
    def bench(self, latency_ms: float = 0.0) -> Iterator[Bench]:
        """A server of its own, and a migrated database for our site."""
        with TemporaryDirectory(prefix="bench") as directory, StandIn(seed=1) as server:
            bench = Bench(server, Path(directory), latency_ms)
            environment = {
                **clean_environment(),
                "DJANGO_SETTINGS_MODULE": _SETTINGS,
                "BENCH_DATABASE": str(Path(directory) / "database"),
                "BENCH_ENDPOINT_URL": server.endpoint_url,
            }
            subprocess.run(
                (sys.executable, "-m", "django", "migrate", "--verbosity=0"), cwd=ROOT, env=environment, check=True
            )
            yield bench
