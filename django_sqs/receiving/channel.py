"""What supervisor and receiver say to each other, over a socket pair, in lines of words.

Receiver to supervisor: `alive` (a sign of life), `progress` (something was settled), `want N` (may N messages be asked
for?), `got K N` (K came of N that were granted), `empty 0|1`. Supervisor to receiver: `grant N`, `drain SECONDS`,
`stop`. The end of the stream means that the other side is gone.
"""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from django_sqs.receiving.quota import Quota

#: How soon a question that did not get through is asked again, in seconds.
_ASK_AGAIN_SECS = 1.0


class LineReader:
    """Reads lines of words from a socket that does not block."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._rest = b""
        #: The other side is gone.
        self.ended = False

    def lines(self) -> Iterator[list[str]]:
        """The lines that have arrived, as words."""
        try:
            data = self._socket.recv(65_536)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.ended = True
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield line.decode().split()


@dataclass(frozen=True)
class Order:
    """What the receiver is to do: run what it holds and end (finish), drain in at most `seconds`, or stop now."""

    kind: str
    seconds: float | None = None


class Channel:
    """The receiver's end. `wait()` is for its main thread, the rest for any."""

    def __init__(self, sock: socket.socket, wakeup: socket.socket | None = None) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._wakeup = wakeup
        self._reader = LineReader(sock)
        self._lock = threading.Lock()
        self._granted = threading.Condition()
        self._grants: list[int] = []
        self._closed = False

    def wait(self, timeout: float) -> Order | None:
        """The next order, or None when there was none for `timeout` seconds."""
        watched = [self._socket] if self._wakeup is None else [self._socket, self._wakeup]
        if self._closed:
            watched.remove(self._socket)
        ready, _, _ = select.select(watched, [], [], timeout)
        order: Order | None = None
        # Any number of SIGTERMs is one. Other signals that Python handles are here too, if a receiver does that.
        if self._wakeup is not None and self._wakeup in ready and signal.SIGTERM in self._wakeup.recv(4096):
            order = Order("drain")
        if self._socket in ready:
            for words in self._reader.lines():
                order = self._obey(words) or order
            if self._reader.ended and not self._closed:
                self._closed = True
                self._grant(0)
                order = order or Order("orphaned")
        return order

    def _obey(self, words: list[str]) -> Order | None:
        match words:
            case ["grant", count]:
                self._grant(int(count))
            case ["drain", seconds]:
                return Order("drain", float(seconds))
            case ["stop" | "finish" as kind]:
                return Order(kind)
        return None

    def _grant(self, count: int) -> None:
        with self._granted:
            self._grants.append(count)
            self._granted.notify()

    def say(self, line: str) -> bool:
        """Tell the supervisor. Returns whether it got through; a supervisor that is gone is noticed by `wait()`."""
        with self._lock, contextlib.suppress(OSError):
            # Lines are a few bytes and the supervisor reads all the time: the buffer is never full unless it hangs, and
            # then it is better that a sign of life is lost than that the receiver hangs with it.
            self._socket.send(line.encode() + b"\n")
            return True
        return False

    def ask_for_grant(self, count: int) -> int:
        """May so many messages be asked for? Returns how many, once the supervisor has answered."""
        with self._granted:
            asked = self.say(f"want {count}")
            while not self._grants and not self._closed:
                self._granted.wait(_ASK_AGAIN_SECS)
                asked = asked or self.say(f"want {count}")
            return self._grants.pop(0) if self._grants else 0


class ChannelQuota(Quota):
    """`--message-limit`: the supervisor grants, since it knows of all processes of the queue and outlives them."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._one_at_a_time = threading.Lock()
        self._telling = threading.Lock()
        #: What the supervisor could not be told yet: (received, reserved).
        self._untold = (0, 0)

    def reserve(self, count: int) -> int:
        self.settle(0, 0)
        with self._one_at_a_time:
            return self._channel.ask_for_grant(count)

    def settle(self, reserved: int, received: int) -> None:
        with self._telling:
            received += self._untold[0]
            reserved += self._untold[1]
            # Lost, it would leave the limit out of reach for ever.
            told = not reserved or self._channel.say(f"got {received} {reserved}")
            self._untold = (0, 0) if told else (received, reserved)
