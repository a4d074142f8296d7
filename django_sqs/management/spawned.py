"""A receiver process that was started as a program of its own, where forking is unsafe."""

from __future__ import annotations

import json
import socket
import sys

import django

from django_sqs.management.base import attach_log_handler
from django_sqs.receiving.child import leave, run_in_process
from django_sqs.receiving.receiver import Job


def main(descriptor: str, verbosity: str, job: str) -> None:
    """Be the receiver of `job` (JSON), with the channel at this descriptor."""
    django.setup()
    attach_log_handler(int(verbosity))
    leave(run_in_process(Job(**json.loads(job)), socket.socket(fileno=int(descriptor))))


if __name__ == "__main__":
    main(*sys.argv[1:])
