"""What was handled, in case it comes back."""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections import OrderedDict

#: How many ids are remembered whose delete was not confirmed. One comes back when its visibility timeout ends.
_UNCONFIRMED = 10_000
#: How many are remembered, about, whose delete was: as a power of two.
_CONFIRMED_BITS = 15


class Remembered:
    """The ids of messages that were handled here. Bounded: the newest are remembered longest. No locks: whoever uses it
    holds that of `Holdings`.

    Also where SQS has confirmed the delete: it does so too for an old handle of a message that was received again
    since, and may then not delete it; and it may hand out once more what it has deleted.
    """

    def __init__(self) -> None:
        self._unconfirmed: OrderedDict[str, None] = OrderedDict()
        # One number for each: ten thousand strings between those that come and go would keep much memory from being
        # used again. A number has one place, and gives it up to the next that has the same; it has 64 bits, so that no
        # other message is ever taken for it.
        self._confirmed = array("q", bytes(8 << _CONFIRMED_BITS))
        # An empty place is 0, which could be taken for a number only here; this one is that of another place.
        self._confirmed[0] = 1

    def add_unconfirmed(self, message_id: str) -> None:
        """It was handled, and its delete may still fail."""
        self._unconfirmed[message_id] = None
        self._unconfirmed.move_to_end(message_id)
        if len(self._unconfirmed) > _UNCONFIRMED:
            self._unconfirmed.popitem(last=False)

    def add(self, message_id: str) -> None:
        """It was handled, and SQS has confirmed its delete."""
        if self._unconfirmed:
            self._unconfirmed.pop(message_id, None)
        number = _number(message_id)
        self._confirmed[_place(number)] = number

    def __contains__(self, message_id: str) -> bool:
        number = _number(message_id)
        return self._confirmed[_place(number)] == number or message_id in self._unconfirmed


def _number(message_id: str) -> int:
    if sys.hash_info.width >= 64:
        return hash(message_id)
    return int.from_bytes(hashlib.sha256(message_id.encode()).digest()[:8], "little", signed=True)


def _place(number: int) -> int:
    return number & (1 << _CONFIRMED_BITS) - 1
