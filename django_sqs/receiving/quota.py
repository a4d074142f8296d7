"""How many messages a receiver may still ask for."""

from __future__ import annotations


class Quota:
    """No limit. `ChannelQuota` asks the supervisor, which keeps `--message-limit` for all processes of a queue."""

    def reserve(self, count: int) -> int:
        """Up to `count` messages that may be asked for; 0 for none at present."""
        return count

    def settle(self, reserved: int, received: int) -> None:
        """So many of those came."""
