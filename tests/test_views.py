from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from django_sqs import register, status, views
from django_sqs.registry import Queues

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from pytest_django import Settings

URL = "/sqs/status"
TOKEN = "correct horse battery staple"


@pytest.fixture(autouse=True)
def nothing_shared(own_queues: Queues) -> Iterator[None]:
    status.forget_shared_snapshot()
    yield
    status.forget_shared_snapshot()


@pytest.fixture
def bearer(client: Client, settings: Settings) -> Client:
    """A client that bears the token, so that no database is needed."""
    settings.SQS_STATUS_TOKEN = TOKEN
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    return client


@pytest.fixture
def emails(aws: SQSClient) -> None:
    register("emails").send_many([{"body": "x"}] * 3, immediate=True)


# --- what it shows


def test_it_stands_where_include_puts_it() -> None:
    assert reverse("django_sqs:status") == URL


@pytest.mark.usefixtures("emails")
def test_it_shows_the_table_as_the_command_prints_it(bearer: Client) -> None:
    response = bearer.get(URL)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.text == (
        "queue   waiting  in flight  delayed\n"
        "emails        3          0        0\n"
    )  # fmt: skip


@pytest.mark.usefixtures("emails")
@pytest.mark.parametrize(
    ("query", "accept", "json"),
    [
        ("", "application/json", True),
        ("?format=json", "", True),
        ("?format=JSON", "text/plain", True),
        ("", "application/json;q=0.9, text/plain;q=0.5", True),
        ("", "application/json;q=0.5, text/plain", False),
        ("?format=text", "application/json", False),
        ("", "*/*", False),
        ("", "text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("", "image/png", False),
    ],
)
def test_it_gives_json_to_who_asks_for_it(bearer: Client, query: str, accept: str, json: bool) -> None:
    response = bearer.get(URL + query, headers={"Accept": accept} if accept else {})
    assert response.status_code == 200
    if json:
        assert response["Content-Type"] == "application/json"
        assert response.json()["queues"][0]["waiting"] == 3
    else:
        assert response["Content-Type"].startswith("text/plain")


@pytest.mark.usefixtures("emails")
def test_one_reading_of_aws_serves_many_requests(bearer: Client) -> None:
    assert " 3 " in bearer.get(URL).text
    register("emails").send(body="x", immediate=True)
    assert " 3 " in bearer.get(URL).text
    status.forget_shared_snapshot()
    assert " 4 " in bearer.get(URL).text


def test_requests_at_the_same_time_share_one_reading(
    rf: RequestFactory, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SQS_STATUS_TOKEN = TOKEN
    take, asked, all_in = status.take_snapshot, [], threading.Event()

    def slow() -> status.Snapshot:
        asked.append(threading.get_ident())
        assert all_in.wait(10)
        return take()

    monkeypatch.setattr(status, "take_snapshot", slow)
    request = rf.get(URL, headers={"Authorization": f"Bearer {TOKEN}"})
    with ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(views.status, request) for _ in range(20)]
        all_in.set()
        assert {answer.result(20).status_code for answer in answers} == {200}
    assert len(asked) == 1


@pytest.mark.usefixtures("emails")
def test_nobody_may_keep_the_answer(bearer: Client) -> None:
    response = bearer.get(URL)
    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]
    assert "Accept" in response["Vary"]


@pytest.mark.usefixtures("emails")
def test_head_is_answered_without_a_body_and_other_methods_are_not_allowed(bearer: Client) -> None:
    head = bearer.head(URL)
    assert (head.status_code, head.content) == (200, b"")
    for method in (bearer.post, bearer.put, bearer.delete, bearer.options):
        assert method(URL).status_code == 405


# --- when it cannot


def test_an_outage_is_a_sentence_with_status_503(bearer: Client) -> None:
    register("emails")
    response = bearer.get(URL)
    assert response.status_code == 503
    assert response.text.startswith("SQS does not answer at http://127.0.0.1:9")
    assert "Traceback" not in response.text
    data = bearer.get(URL, {"format": "json"})
    assert data.status_code == 503
    assert data.json()["error"].startswith("SQS does not answer")
    assert data.json()["queues"][0]["queue"] == "emails"


def test_an_outage_is_not_remembered(bearer: Client, aws: SQSClient, settings: Settings) -> None:
    queue = register("emails")
    settings.SQS_CREATE_QUEUES = False
    assert bearer.get(URL).status_code == 503
    queue.create()
    assert bearer.get(URL).status_code == 200


def test_one_missing_queue_among_others_stands_in_the_table(bearer: Client, aws: SQSClient, settings: Settings) -> None:
    settings.SQS_CREATE_QUEUES = False
    register("audit").create()
    register("emails")
    response = bearer.get(URL)
    assert response.status_code == 200
    assert "emails  The queue 'test__emails' does not exist" in response.text


def test_all_queues_missing_is_503_with_a_sentence_for_each(bearer: Client, aws: SQSClient, settings: Settings) -> None:
    settings.SQS_CREATE_QUEUES = False
    register("audit")
    register("emails")
    response = bearer.get(URL)
    assert response.status_code == 503
    assert response.text.count("does not exist") == 2


def test_a_missing_prefix_is_a_sentence_with_status_503(bearer: Client, settings: Settings) -> None:
    register("emails")
    settings.DEBUG = True
    settings.SQS_QUEUE_PREFIX = ""
    response = bearer.get(URL)
    assert (response.status_code, response.text[:16]) == (503, "SQS_QUEUE_PREFIX")
    assert bearer.get(URL, {"format": "json"}).json()["queues"] == []


def test_no_queue_at_all_is_no_failure(bearer: Client) -> None:
    response = bearer.get(URL)
    assert (response.status_code, response.text) == (200, "No queue is registered.\n")


def test_a_fault_of_the_program_is_not_hidden(bearer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(views, "shared_snapshot", broken)
    with pytest.raises(ZeroDivisionError):
        bearer.get(URL)
