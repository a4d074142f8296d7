"""The fixtures, in the pytest of a project that is not this one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

import django_sqs

pytest_plugins = ["pytester"]

PROJECT = """
from django.conf import settings
settings.configure(INSTALLED_APPS=["django_sqs"], SQS_QUEUE_PREFIX="project", AWS_REGION="us-east-1",
    SQS_ENDPOINT_URL="http://127.0.0.1:9")
import django
django.setup()
import django_sqs
django_sqs.register("letters")
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A directory with a Django project, whose tests run in a process of their own."""
    # Where the package is found also when it is not installed but stands in the checkout.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(django_sqs.__file__).parent.parent)]))
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    pytester.makeconftest(PROJECT)
    return pytester


def run(project: pytest.Pytester, *more: str, without: Sequence[str] = ("django",)) -> pytest.RunResult:
    blocked = [option for name in without for option in ("-p", f"no:{name}")]
    return project.runpytest_subprocess("-q", "-W", "error", *blocked, *more)


def test_nothing_is_imported_before_a_fixture_is_used(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import sys

        def test_modules():
            loaded = {name for name in sys.modules if name.split(".")[0] in ("django", "django_sqs", "boto3", "moto")}
            assert loaded == {"django_sqs", "django_sqs.pytest_plugin"}
        """)
    run(pytester).assert_outcomes(passed=1)


def test_the_outbox_has_what_the_test_sends_and_is_new_for_each(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import django_sqs
        import pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(sqs_outbox, number):
            assert sqs_outbox == []
            django_sqs.send("letters", body=str(number))
            assert [sent.body for sent in sqs_outbox] == [str(number)]

        def test_without_it():
            from django_sqs.exceptions import EndpointUnreachable
            with pytest.raises(EndpointUnreachable):
                django_sqs.send("letters", body="a")
        """)
    run(project).assert_outcomes(passed=3)


def test_the_server_is_there_and_empty_for_each_test(project: pytest.Pytester) -> None:
    project.makepyfile("""
        import django_sqs
        import pytest
        from django.conf import settings

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(sqs_server, number):
            assert settings.SQS_ENDPOINT_URL == sqs_server.endpoint_url
            queue = django_sqs.queues["letters"]
            assert queue.status().total == 0
            django_sqs.send("letters", body=str(number))
            assert queue.receive_single(wait=5).body == str(number)
            django_sqs.send("letters", body="left over")

        def test_without_it():
            assert settings.SQS_ENDPOINT_URL == "http://127.0.0.1:9"
        """)
    run(project).assert_outcomes(passed=3)


def test_the_fixtures_are_listed_with_what_they_do(project: pytest.Pytester) -> None:
    result = run(project, "--fixtures")
    result.stdout.re_match_lines([r"sqs_outbox.*", r"sqs_server.*"])
