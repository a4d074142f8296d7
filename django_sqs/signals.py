"""Signals that tell what became of a message.

All are sent with `sender` (the `RegisteredQueue`), `message` and `queue` (the full name); a listener that raises is
logged and changes nothing.
"""

from __future__ import annotations

from django.dispatch import Signal

#: A message is about to be given to its receiver.
message_received = Signal()
#: The receiver returned; the message will be deleted.
message_succeeded = Signal()
#: The receiver failed; `exception` is what it raised. Followed by `message_retried` where the message stays in the
#: queue.
message_failed = Signal()
#: The message stays in the queue; `delay` is the seconds until it is visible again, `exception` why.
message_retried = Signal()
#: Sending failed after a commit; `messages` are those that did not go out, `exception` is the `SendFailed`.
send_failed = Signal()
