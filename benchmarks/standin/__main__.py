"""``python -m benchmarks.standin``."""

from __future__ import annotations

import sys

from benchmarks.standin.cli import main

sys.exit(main())
