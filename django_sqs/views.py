"""The page that shows how many messages are in the queues."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.cache import patch_vary_headers
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from django_sqs.conf import conf
from django_sqs.exceptions import DjangoSQSError, InvalidSetting
from django_sqs.status import as_json, render_table, shared_snapshot

_TEXT, _JSON = "text/plain", "application/json"
_FORBIDDEN = "403 Forbidden: this page is for staff users and for bearers of the token in SQS_STATUS_TOKEN.\n"


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """How many messages wait, are in flight and are delayed, as `manage.py sqs_status` prints it; JSON for
    `Accept: application/json` or `?format=json`. What was read from AWS serves all requests for ten seconds.

    For active staff users, for bearers of SQS_STATUS_TOKEN, and while DEBUG for the loopback address; all others get a
    403. The status is 503 where no queue could be read.
    """
    if not (_bears_token(request) or _is_developer(request) or _is_staff(request)):
        return HttpResponseForbidden(_FORBIDDEN, content_type=f"{_TEXT}; charset=utf-8")
    try:
        snapshot = shared_snapshot()
    except DjangoSQSError as error:
        return _answer(request, 503, str(error), {"error": str(error), "queues": []})
    common = snapshot.common_failure
    data = as_json(snapshot)
    if not snapshot.nothing_read:
        return _answer(request, 200, render_table(snapshot), data)
    sentence = "No queue could be read." if common is None else str(common)
    return _answer(request, 503, render_table(snapshot) if common is None else sentence, {"error": sentence, **data})


# Django's LoginRequiredMiddleware would send bearers of the token to the login page. This is what the decorator
# login_not_required does, which cannot be imported where contrib.auth is not installed.
status.login_required = False  # type: ignore[attr-defined]


def _answer(request: HttpRequest, code: int, text: str, data: dict[str, Any]) -> HttpResponse:
    if _wants_json(request):
        response = HttpResponse(json.dumps(data, indent=2) + "\n", content_type=_JSON, status=code)
    else:
        response = HttpResponse(text + "\n", content_type=f"{_TEXT}; charset=utf-8", status=code)
    patch_vary_headers(response, ["Accept", "Authorization"])
    return response


def _wants_json(request: HttpRequest) -> bool:
    asked = request.GET.get("format")
    if asked:
        return asked.lower() == "json"
    return request.get_preferred_type([_TEXT, _JSON]) == _JSON


def _bears_token(request: HttpRequest) -> bool:
    try:
        token = conf.SQS_STATUS_TOKEN
    except InvalidSetting:
        # A token of the wrong type opens nothing; "manage.py check" tells of it.
        return False
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and scheme.lower() == "bearer" and constant_time_compare(given.strip(), token or "")


def _is_developer(request: HttpRequest) -> bool:
    if not conf.debug:
        return False
    try:
        # Never X-Forwarded-For: anyone can send one.
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_staff(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_active and getattr(user, "is_staff", False)
