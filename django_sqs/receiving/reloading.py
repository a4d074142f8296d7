"""`--reload`, for development: notice that a module has changed, and execute the command anew."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

logger = logging.getLogger("django_sqs.receiving")

#: How often files are looked at, in seconds.
_LOOK_SECS = 1.0
#: How long the trial import may take, in seconds.
_TRIAL_SECS = 60.0
_TRIAL = "import django; django.setup()"


class ModuleWatch:
    """The files of all modules that are imported, and when each was last changed."""

    def __init__(self) -> None:
        self._times = self._look()
        self._looked_at = time.monotonic()

    def changed(self) -> bool:
        """Has a module changed, and can the project be imported with it? Looks at most once a second. Code that does
        not import is told of, and the receivers that run are left alone."""
        if time.monotonic() - self._looked_at < _LOOK_SECS:
            return False
        times = self._look()
        self._looked_at = time.monotonic()
        changed = [path for path, when in times.items() if self._times.get(path, when) != when]
        # A module imported since the last look is no change.
        self._times = times
        if not changed:
            return False
        names = ", ".join(sorted(path.name for path in changed))
        failure = _trial()
        if failure:
            logger.error("%s changed, but the project cannot be imported; waiting for a mend.\n%s", names, failure)
            return False
        logger.info("%s changed: draining, then starting anew.", names, extra={"action": "reload"})
        return True

    def _look(self) -> dict[Path, int]:
        from django.utils.autoreload import iter_all_python_module_files

        times = {}
        for path in iter_all_python_module_files():
            try:
                times[path] = path.stat().st_mtime_ns
            except OSError:
                # Being saved, or gone: the next look tells.
                times[path] = self._times.get(path, 0) if hasattr(self, "_times") else 0
        return times


def _trial() -> str:
    """What importing the project in a process of its own complains of; empty if nothing."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)}
    try:
        trial = subprocess.run(
            [sys.executable, "-c", _TRIAL], env=environment, capture_output=True, text=True, timeout=_TRIAL_SECS
        )
    except subprocess.TimeoutExpired:
        return f"It took more than {_TRIAL_SECS:g} s."
    return trial.stderr.strip() if trial.returncode else ""


def execute_anew() -> NoReturn:
    """Replace this process by the same command, which imports everything again."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
