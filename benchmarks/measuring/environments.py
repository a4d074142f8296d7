"""A virtual environment for each peer, made when it is first needed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

from benchmarks.measuring.program import ROOT
from benchmarks.measuring.turns import tell

_HOME = ROOT / ".venv" / "peers"
_STAMP = "ready"


class PeerMissing(Exception):
    """Raised when a peer cannot be installed."""


@dataclass(frozen=True)
class Peer:
    """Another library: what pip installs, and the packages whose versions matter."""

    name: str
    requirement: str
    packages: tuple[str, ...]

    @property
    def directory(self) -> str:
        """Its environment's directory of programs."""
        return str(_HOME / self.name / "bin")

    def install(self) -> None:
        """Have its environment ready. Raises `PeerMissing`."""
        home = _HOME / self.name
        stamp = home / _STAMP
        wanted = f"{self.requirement} {sys.version}"
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        tell(f"Installing {self.requirement} from PyPI into an environment of its own.")
        pip = (f"{self.directory}/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        for command in (
            (sys.executable, "-m", "venv", "--clear", str(home)),
            (*pip, self.requirement),
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise PeerMissing(f"{self.requirement} could not be installed: {done.stderr.strip()[-500:]}")
        stamp.write_text(wanted)

    def versions(self) -> str:
        """The packages that matter, with their versions."""
        program = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
        command = (f"{self.directory}/python", "-c", program, *self.packages)
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return ", ".join(f"{name} {found}" for name, found in zip(self.packages, done.stdout.split(), strict=True))


PEERS = (
    Peer("taskiq", "taskiq-aio-sqs", ("taskiq-aio-sqs", "taskiq")),
    Peer("dramatiq", "dramatiq-sqs", ("dramatiq-sqs", "dramatiq")),
    Peer("celery", "celery[sqs]", ("celery", "kombu")),
)
