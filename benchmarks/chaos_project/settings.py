"""Settings of the chaos project. Where it works is told by environment variables."""

from __future__ import annotations

import os

SECRET_KEY = "only for chaos"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django_sqs", "benchmarks.chaos_project"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("CHAOS_DATABASE", ":memory:"),
        # Several processes write rows: they wait for each other instead of failing.
        "OPTIONS": {"timeout": 30, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
    }
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # Seconds since 1970, as in the journal, so that the two can be compared.
    "formatters": {"plain": {"format": "%(created).3f %(levelname)s %(process)d %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {"django_sqs": {"handlers": ["stderr"], "level": "INFO"}},
}

AWS_ACCESS_KEY_ID = AWS_SECRET_ACCESS_KEY = "chaos"
AWS_REGION = "us-east-1"
SQS_ENDPOINT_URL = os.environ.get("CHAOS_ENDPOINT_URL", "http://127.0.0.1:9")
SQS_QUEUE_PREFIX = "chaos"
SQS_POLL_PERIOD = 2
SQS_DEFAULT_VISIBILITY_TIMEOUT = 8
