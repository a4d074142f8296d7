"""Makes the example project importable, as its programs do by standing beside its packages."""

from __future__ import annotations

import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "example_project"

sys.path.append(str(EXAMPLE))
