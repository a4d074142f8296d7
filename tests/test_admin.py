from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from django_sqs import register
from django_sqs.models import FailedMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_queues")]

LIST = "/admin/django_sqs/failedmessage/"


def failed(message_id: str = "m1", queue: str = "test__emails", **fields: Any) -> FailedMessage:
    values: dict[str, Any] = {
        "body": "hello",
        "reason": "ValueError: no such person",
        "traceback": "Traceback (most recent call last):\n  <module>",
        "receive_count": 3,
        "failed_at": datetime(2026, 1, 2, 12, 4, 5, tzinfo=timezone.utc),
    }
    return FailedMessage.objects.create(queue=queue, message_id=message_id, **{**values, **fields})


def act(client: Client, action: str, *rows: FailedMessage, **data: Any) -> Any:
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows], **data}
    return client.post(LIST, chosen, follow=True)


def staff(*permissions: str) -> Client:
    user = User.objects.create_user("bob", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def test_the_list_shows_queue_id_reason_count_and_date(admin_client: Client) -> None:
    failed(reason="x" * 500)
    page = admin_client.get(LIST).text
    for text in ("test__emails", "m1", "x" * 120 + "...", ">3<", "Jan. 2, 2026"):
        assert text in page
    assert "x" * 121 not in page


@pytest.mark.parametrize("query", ["needle", "m-needle", "no such needle"])
def test_it_is_searched_by_id_body_and_reason(admin_client: Client, query: str) -> None:
    failed("m-needle", body="a needle", reason="no such needle")
    failed("m2")
    page = admin_client.get(LIST, {"q": query}).text
    assert "m-needle" in page
    assert "1 result" in page


def test_it_is_filtered_by_queue_and_date(admin_client: Client) -> None:
    failed("m1")
    failed("m2", queue="test__photos", failed_at=datetime(2020, 6, 1, tzinfo=timezone.utc))
    assert "1 failed message" in admin_client.get(LIST, {"queue": "test__photos"}).text
    assert "1 failed message" in admin_client.get(LIST, {"failed_at__gte": "2025-01-01 00:00:00+00:00"}).text
    assert "1 failed message" in admin_client.get(LIST, {"failed_at__year": "2020"}).text


def test_a_row_shows_traceback_body_and_attributes_and_cannot_be_changed(admin_client: Client) -> None:
    row = failed(body="<script>alert(1)</script>", attributes={"SenderId": "ÄIDA"})
    url = f"{LIST}{row.pk}/change/"
    page = admin_client.get(url).text
    assert "  &lt;module&gt;</pre>" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "ÄIDA" in page
    assert 'name="_save"' not in page
    assert admin_client.post(url, {"reason": "none"}).status_code == 403
    assert admin_client.get(f"{LIST}add/").status_code == 403


def test_a_row_without_traceback_says_so(admin_client: Client) -> None:
    row = failed(traceback="")
    assert "without an exception" in admin_client.get(f"{LIST}{row.pk}/change/").text


def test_rows_can_be_deleted(admin_client: Client) -> None:
    row = failed()
    act(admin_client, "delete_selected", row, post="yes")
    assert not FailedMessage.objects.exists()


def test_send_again_sends_and_tells_for_each_queue_how_many(aws: SQSClient, admin_client: Client) -> None:
    register("emails")
    register("photos")
    page = act(admin_client, "send_again", failed("m1"), failed("m2"), failed("p", queue="test__photos")).text
    assert "2 messages were sent to test__emails again." in page
    assert "1 message was sent to test__photos again." in page
    assert not FailedMessage.objects.exists()
    url = aws.get_queue_url(QueueName="test__emails")["QueueUrl"]
    assert len(aws.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]) == 2


def test_send_again_tells_what_was_not_sent_and_why(aws: SQSClient, admin_client: Client) -> None:
    register("emails")
    page = act(admin_client, "send_again", failed("m1"), failed("m2", queue="test__gone")).text
    assert "1 message was sent to test__emails again." in page
    assert "Message m2 was not sent: No registered queue is called &#x27;test__gone&#x27; at AWS" in page
    assert [row.message_id for row in FailedMessage.objects.all()] == ["m2"]


def test_many_failures_are_told_by_number(admin_client: Client) -> None:
    page = act(admin_client, "send_again", *[failed(f"m{number}", queue="test__gone") for number in range(13)]).text
    assert page.count("was not sent:") == 10
    assert "3 more were not sent." in page


def test_sending_again_needs_the_permission_to_delete(aws: SQSClient) -> None:
    register("emails")
    row = failed()
    viewer = staff("view_failedmessage")
    assert 'value="send_again"' not in viewer.get(LIST).text
    act(viewer, "send_again", row)
    assert FailedMessage.objects.exists()
    User.objects.all().delete()
    act(staff("view_failedmessage", "delete_failedmessage"), "send_again", row)
    assert not FailedMessage.objects.exists()


def test_without_any_permission_nothing_is_shown() -> None:
    failed()
    assert staff().get(LIST).status_code == 403
