"""The machine and the versions, as far as they explain numbers; no names of hosts or directories."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import django_sqs


def described() -> str:
    """One sentence."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {version(name)}" for name in ("Django", "boto3", "botocore"))
    return (
        f"Measured on {cores} cores ({_processor()}) that the server shares with what is measured,"
        f" {platform.system()}, Python {platform.python_version()}, django-sqs {django_sqs.__version__}, {packages}."
    )


def _processor() -> str:
    try:
        rows = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [row.partition(":")[2].strip() for row in rows if row.startswith("model name")]
    return names[0] if names else platform.machine()
