"""Failed messages in Django's admin: to look at, to send again, to delete."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from django_sqs.models import FailedMessage
from django_sqs.resending import send_again

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[FailedMessage]
else:
    _ModelAdmin = admin.ModelAdmin

#: Characters of a reason in the list.
_SHOWN_CHARS = 120
#: Failures that are told one by one after "send again"; of the others only the number.
_SHOWN_FAILURES = 10


@admin.register(FailedMessage)
class FailedMessageAdmin(_ModelAdmin):
    """What a message was is a record: it cannot be added or changed, only sent again or deleted."""

    actions = ("send_again",)
    date_hierarchy = "failed_at"
    list_display = ("message_id", "queue", "short_reason", "receive_count", "failed_at")
    list_filter = ("queue", "failed_at")
    search_fields = ("message_id", "body", "reason")
    fields = (
        "queue",
        "message_id",
        "failed_at",
        "receive_count",
        "reason",
        "shown_traceback",
        "shown_body",
        "shown_attributes",
    )
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="reason", ordering="reason")
    def short_reason(self, row: FailedMessage) -> str:
        return row.reason if len(row.reason) <= _SHOWN_CHARS else row.reason[:_SHOWN_CHARS] + "..."

    @admin.display(description="traceback")
    def shown_traceback(self, row: FailedMessage) -> str | SafeString:
        return _preformatted(row.traceback) if row.traceback else "None: the message was given up without an exception."

    @admin.display(description="body")
    def shown_body(self, row: FailedMessage) -> SafeString:
        return _preformatted(row.body)

    @admin.display(description="attributes")
    def shown_attributes(self, row: FailedMessage) -> SafeString:
        return _preformatted(json.dumps(row.attributes, indent=2, ensure_ascii=False, sort_keys=True))

    @admin.action(description="Send again, and remove from this list", permissions=["delete"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[FailedMessage]) -> None:
        """Send the messages to their queues as they were; each row goes away when its message was sent. It asks for the
        permission to delete, since that is what it does to the rows."""
        sent: Counter[str] = Counter()
        failures: list[str] = []
        for row, failure in send_again(queryset):
            if failure is None:
                sent[row.queue] += 1
            else:
                failures.append(f"Message {row.message_id} was not sent: {failure}")
        for queue, count in sorted(sent.items()):
            noun = "message was" if count == 1 else "messages were"
            self.message_user(request, f"{count} {noun} sent to {queue} again.", messages.SUCCESS)
        for text in failures[:_SHOWN_FAILURES]:
            self.message_user(request, text, messages.ERROR)
        rest = len(failures) - _SHOWN_FAILURES
        if rest > 0:
            self.message_user(request, f"{rest} more were not sent.", messages.ERROR)


def _preformatted(text: str) -> SafeString:
    return format_html('<pre style="white-space: pre-wrap; overflow-wrap: anywhere; margin: 0">{}</pre>', text)
