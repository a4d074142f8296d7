"""The message limit of one queue, kept across its processes and their restarts."""

from __future__ import annotations


class MessageLimit:
    """How many messages may still be asked for. `owner` is whoever reserved: a process."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.received = 0
        self._reserved: dict[object, int] = {}

    def reserve(self, owner: object, count: int) -> int:
        """Up to `count`; 0 when all that is left is reserved by others or was received."""
        granted = max(0, min(count, self.limit - self.received - sum(self._reserved.values())))
        self._reserved[owner] = self._reserved.get(owner, 0) + granted
        return granted

    def settle(self, owner: object, received: int, reserved: int) -> None:
        """So many of those reserved came."""
        self._reserved[owner] = self._reserved.get(owner, 0) - reserved
        self.received += received

    def gone(self, owner: object) -> None:
        """It died: what it had reserved may be asked for by others."""
        self._reserved.pop(owner, None)

    @property
    def reached(self) -> bool:
        return self.received >= self.limit
