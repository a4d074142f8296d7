"""The Django settings of the tests.

Processes that tests start use this module too, and are told the rest by environment variables:

``DJANGO_SQS_TEST_DB``
    The SQLite file that several processes share. Without it the database is in memory.
``DJANGO_SQS_TEST_APPS``
    More applications to install, separated by commas.
``SQS_...``
    Any setting of django-sqs that is listed in ``FROM_ENVIRONMENT``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

SECRET_KEY = "only for tests"
DEBUG = os.environ.get("DJANGO_SQS_TEST_DEBUG") == "1"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "tests.urls"
STATIC_URL = "static/"
# The default hasher takes a tenth of a second for every user that a test makes.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_sqs",
    "tests.sample",
    *filter(None, os.environ.get("DJANGO_SQS_TEST_APPS", "").split(",")),
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES: dict[str, dict[str, Any]]
if _file := os.environ.get("DJANGO_SQS_TEST_DB"):
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _file,
            # Writers of several processes wait for each other instead of failing: a transaction
            # that starts as a reader cannot wait for the lock once another process has written.
            "OPTIONS": {
                "timeout": 30,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL",
            },
        }
    }
else:
    DATABASES = {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
        # Sending asks which database's transaction is open.
        "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
    }

# No test may reach Amazon, whatever credentials the developer's environment holds: these are
# dummies, and nothing listens on the port.
AWS_ACCESS_KEY_ID = "testing"
AWS_SECRET_ACCESS_KEY = "testing"
AWS_REGION = "us-east-1"
SQS_ENDPOINT_URL = "http://127.0.0.1:9"
SQS_QUEUE_PREFIX = "test"

# Settings that a process started by a test may be given, and how each is read.
FROM_ENVIRONMENT: dict[str, Callable[[str], object]] = {
    "SQS_CREATE_QUEUES": lambda value: value == "1",
    "SQS_DEFAULT_VISIBILITY_TIMEOUT": int,
    "SQS_ENDPOINT_URL": str,
    "SQS_KEEP_FAILED": lambda value: value == "1",
    "SQS_ON_ERROR": str,
    "SQS_PAYLOAD_BUCKET": str,
    "SQS_PAYLOAD_ENDPOINT_URL": str,
    "SQS_POLL_PERIOD": float,
    "SQS_QUEUE_PREFIX": str,
    "SQS_QUEUES": json.loads,
}
for _name, _convert in FROM_ENVIRONMENT.items():
    if _name in os.environ:
        globals()[_name] = _convert(os.environ[_name])
