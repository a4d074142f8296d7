"""Settings of the photograph site, for one person on one machine.

Everything that differs between two runs comes from the environment, so that the demo, the tests and a person in a
browser never share a file or a queue:

    PHOTOSITE_DATA      directory of the database, the pictures and the logs (default: data/site beside manage.py)
    SQS_ENDPOINT_URL    the SQS to use (default: the local one; set it to nothing for Amazon's)
    SQS_QUEUE_PREFIX    what every queue's name begins with (default: photosite)
    PHOTOSITE_DEBUG     0 switches DEBUG off
    PHOTOSITE_SECRET    Django's SECRET_KEY
"""

import os
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("PHOTOSITE_DATA") or PROJECT_DIR / "data" / "site").resolve()
# SQLite makes the file, never the directory.
DATA_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = os.environ.get("PHOTOSITE_DEBUG", "1") != "0"
SECRET_KEY = os.environ.get("PHOTOSITE_SECRET") or "for-this-machine-only"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

INSTALLED_APPS = [
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_sqs",
    "photos",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # The page asks for the list of pictures again and again; unchanged, it is answered with 304 and no body.
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "photosite.urls"
WSGI_APPLICATION = "photosite.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# There is no one to log in, so there are no sessions.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "photosite.sqlite3",
        "OPTIONS": {
            # The web server and two receivers write to one file: WAL lets them read meanwhile, and a transaction
            # that takes the write lock at its start waits for it instead of failing half way.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
        },
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "static/"
MEDIA_ROOT = DATA_DIR / "media"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# --- django_sqs ---------------------------------------------------------------------------------------------------

SQS_QUEUE_PREFIX = os.environ.get("SQS_QUEUE_PREFIX", "photosite")
SQS_ENDPOINT_URL = os.environ.get("SQS_ENDPOINT_URL", "http://127.0.0.1:9324")

if SQS_ENDPOINT_URL:
    # Receivers that stop wait for the poll in flight. On this machine short polls cost nothing and make Ctrl-C quick.
    SQS_POLL_PERIOD = 1
    # The local server accepts any credentials; those of the environment are not shown to it.
    AWS_ACCESS_KEY_ID = "local"
    AWS_SECRET_ACCESS_KEY = "local"
    AWS_REGION = "us-east-1"
