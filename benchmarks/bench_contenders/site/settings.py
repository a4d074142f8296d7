"""The least that a project needs, and otherwise django-sqs's defaults."""

from __future__ import annotations

import json
import os

SECRET_KEY = "only for benchmarks"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django_sqs", "benchmarks.bench_contenders.site"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("BENCH_DATABASE", ":memory:")}}

AWS_REGION = "us-east-1"
SQS_ENDPOINT_URL = os.environ.get("BENCH_ENDPOINT_URL")
SQS_QUEUE_PREFIX = "bench"
SQS_QUEUES = json.loads(os.environ.get("BENCH_QUEUES", "{}"))
if "BENCH_POLL_PERIOD" in os.environ:
    SQS_POLL_PERIOD = float(os.environ["BENCH_POLL_PERIOD"])
