from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client, RequestFactory

from django_sqs import status, views
from django_sqs.exceptions import AWSError
from django_sqs.registry import Queues

if TYPE_CHECKING:
    from pytest_django import Settings

URL = "/sqs/status"
TOKEN = "correct horse battery staple"


@pytest.fixture(autouse=True)
def nothing_shared(own_queues: Queues) -> Iterator[None]:
    status.forget_shared_snapshot()
    yield
    status.forget_shared_snapshot()


def assert_forbidden(response: HttpResponse | Any) -> None:
    assert response.status_code == 403
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.startswith(b"403 Forbidden")
    assert "no-store" in response["Cache-Control"]


@pytest.fixture
def never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may not see the status must not even cause a reading."""

    def refuse() -> None:
        raise AWSError(action="anything", detail="AWS was asked")

    monkeypatch.setattr(views, "shared_snapshot", refuse)


@pytest.mark.django_db
@pytest.mark.usefixtures("never_read")
@pytest.mark.parametrize("accept", ["*/*", "application/json"])
def test_anonymous_users_get_a_plain_403(client: Client, accept: str) -> None:
    assert_forbidden(client.get(URL, headers={"Accept": accept}))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("is_staff", "is_active", "allowed"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_active_staff_users_may_see_it_and_other_users_not(
    rf: RequestFactory, is_staff: bool, is_active: bool, allowed: bool
) -> None:
    request = rf.get(URL)
    request.user = User.objects.create_user("anna", is_staff=is_staff, is_active=is_active)
    response = views.status(request)
    if allowed:
        assert response.status_code == 200
    else:
        assert_forbidden(response)


@pytest.mark.django_db
def test_a_staff_user_who_is_logged_in_may_see_it(admin_client: Client) -> None:
    assert admin_client.get(URL).status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("never_read")
@pytest.mark.parametrize(
    "authorization",
    [
        "",
        TOKEN,
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer ü",
    ],
)
def test_anything_but_the_token_is_refused(client: Client, settings: Settings, authorization: str) -> None:
    settings.SQS_STATUS_TOKEN = TOKEN
    assert_forbidden(client.get(URL, headers={"Authorization": authorization}))


def test_the_scheme_of_the_token_is_written_in_any_case(client: Client, settings: Settings) -> None:
    settings.SQS_STATUS_TOKEN = TOKEN
    assert client.get(URL, headers={"Authorization": f"bearer  {TOKEN}"}).status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("never_read")
@pytest.mark.parametrize("token", ["", None, 12345, ["x"]])
@pytest.mark.parametrize("authorization", ["Bearer ", "Bearer None", "Bearer 12345"])
def test_without_a_right_token_in_the_settings_no_token_opens(
    client: Client, settings: Settings, token: Any, authorization: str
) -> None:
    settings.SQS_STATUS_TOKEN = token
    assert_forbidden(client.get(URL, headers={"Authorization": authorization}))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_while_debug_the_loopback_address_may_see_it(client: Client, settings: Settings, address: str) -> None:
    settings.DEBUG = True
    assert client.get(URL, REMOTE_ADDR=address).status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("never_read")
@pytest.mark.parametrize("address", ["10.0.0.1", "::ffff:10.0.0.1", "2001:db8::1", "", "unix:", "localhost"])
def test_while_debug_other_addresses_may_not(client: Client, settings: Settings, address: str) -> None:
    settings.DEBUG = True
    headers = {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"}
    assert_forbidden(client.get(URL, REMOTE_ADDR=address, headers=headers))


@pytest.mark.django_db
@pytest.mark.usefixtures("never_read")
def test_without_debug_the_loopback_address_is_nothing_special(client: Client) -> None:
    assert_forbidden(client.get(URL, REMOTE_ADDR="127.0.0.1"))


def test_the_token_opens_behind_the_middleware_that_requires_a_login(client: Client, settings: Settings) -> None:
    settings.SQS_STATUS_TOKEN = TOKEN
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    assert client.get(URL, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.usefixtures("never_read")
def test_without_any_users_it_is_a_plain_403(rf: RequestFactory) -> None:
    assert_forbidden(views.status(rf.get(URL)))


def test_a_project_without_contrib_auth_has_the_page(tmp_path: Path) -> None:
    script = tmp_path / "project.py"
    script.write_text(
        """
import sys

import django
from django.conf import settings
from django.urls import include, path

settings.configure(
    INSTALLED_APPS=["django_sqs"], ROOT_URLCONF="__main__", ALLOWED_HOSTS=["*"], SQS_STATUS_TOKEN="t", SECRET_KEY="s"
)
django.setup()
urlpatterns = [path("sqs/", include("django_sqs.urls"))]

from django.test import Client

print(Client().get("/sqs/status").status_code, end=" ")
print(Client().get("/sqs/status", headers={"Authorization": "Bearer t"}).status_code, end=" ")
print("django.contrib.auth" in sys.modules, "boto3" in sys.modules)
"""
    )
    root = Path(__file__).parents[1]
    result = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, env={"PYTHONPATH": str(root)}
    )
    assert (result.stdout, result.stderr) == ("403 200 False False\n", "")
