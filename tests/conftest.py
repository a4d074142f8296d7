"""What every test stands on: markers, and credentials that open nothing."""

from __future__ import annotations

import os
import shutil
import signal
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import django
import pytest

import django_sqs

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from pytest_django.fixtures import SettingsWrapper

    from django_sqs.registry import Queues

# Started by nohup, or with "&" by a shell without job control: the processes of the tests would inherit that these
# signals are ignored, and some tests are about them.
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

END_TO_END = Path(__file__).parent / "end_to_end"

# Names under which distributions install the browser.
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

# Where this is set, a browser test that cannot run is a failure and not a skip.
REQUIRE_BROWSER = "DJANGO_SQS_REQUIRE_BROWSER"


# Where this is set, the tests refuse to run with the checkout's package.
REQUIRE_INSTALLED = "DJANGO_SQS_REQUIRE_INSTALLED"


def pytest_configure() -> None:
    """Be sure of what is tested."""
    package = Path(django_sqs.__file__).resolve()
    if os.environ.get(REQUIRE_INSTALLED) and Path(sysconfig.get_path("purelib")).resolve() not in package.parents:
        raise pytest.UsageError(f"{REQUIRE_INSTALLED} is set, but django_sqs is imported from {package.parent}")


def pytest_report_header() -> str:
    """Say which django_sqs is tested: the checkout's or an installed one."""
    return f"Django {django.__version__}, django_sqs from {Path(django_sqs.__file__).parent}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark end-to-end tests by where they stand; skip browser tests where no browser is."""
    missing = browser_missing()
    for item in items:
        if END_TO_END in item.path.parents:
            item.add_marker(pytest.mark.end_to_end)
        if os.environ.get("CI") and item.get_closest_marker("end_to_end"):
            # Real processes on a machine that is busy with four other runs: one that missed its time has a second try,
            # which the summary tells of. One that fails twice has failed.
            item.add_marker(pytest.mark.flaky(reruns=1))
        if missing and item.get_closest_marker("browser"):
            if os.environ.get(REQUIRE_BROWSER):
                raise pytest.UsageError(f"{REQUIRE_BROWSER} is set, but {missing}")
            item.add_marker(pytest.mark.skip(reason=missing))


def browser_missing() -> str | None:
    """Return what a browser test would miss on this machine, or None."""
    if not any(shutil.which(name) for name in CHROMIUM):
        return f"no browser is installed (none of {', '.join(CHROMIUM)} is on the PATH)"
    if not shutil.which("chromedriver"):
        return "chromedriver is not on the PATH"
    return None


@pytest.fixture(scope="session", autouse=True)
def aws_credentials() -> Iterator[None]:
    """Dummy credentials for this process and those it starts, and no file that holds real ones.

    ``AWS_EC2_METADATA_DISABLED`` keeps botocore from asking the instance it may run on.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            if name != "AWS_CA_BUNDLE":
                patch.delenv(name)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture
def own_queues() -> Iterator[Queues]:
    """The registry, empty, and as it was after the test."""
    from django_sqs import queues

    before, queues._queues = queues._queues, {}
    yield queues
    queues._queues = before


@pytest.fixture
def aws(settings: SettingsWrapper) -> Iterator[SQSClient]:
    """SQS as moto imitates it, within this process; missing queues are created. Gives a client of its own."""
    import boto3
    from moto import mock_aws

    from django_sqs.aws import client, physical_queue

    settings.SQS_ENDPOINT_URL = None
    settings.SQS_CREATE_QUEUES = True
    # Clients that were made without moto would go to the real server, and moto forgets its queues after each test.
    client.forget_clients()
    physical_queue.forget_addresses()
    with mock_aws():
        yield boto3.client("sqs", "us-east-1")
    client.forget_clients()
    physical_queue.forget_addresses()
