"""The wire formats of boto2, for queues that are old or shared with programs that still use it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any, ClassVar

from django_sqs.exceptions import InvalidBody, UndecodableBody
from django_sqs.message.base import _UNSET, BaseMessage, Message, shorten
from django_sqs.message.json_body import JSONMessage, dump_json, load_json


def to_base64(text: str) -> str:
    """Standard base64 of the text's UTF-8, in one line."""
    return base64.b64encode(text.encode()).decode("ascii")


def from_base64(text: str, strict: bool = True) -> str:
    """The text that base64 stands for; line breaks within it are no fault. Raises `UndecodableBody` where it is no
    base64 of UTF-8; with `strict` false that is taken as the text itself."""
    try:
        # Some encoders break lines after 76 characters.
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        if not strict:
            return text
        raise UndecodableBody(
            f"{shorten(text)} is no base64 of UTF-8 text ({error}); where plain text is to be taken as it is, register"
            " the queue with a subclass that has strict = False"
        ) from error


class Base64Message(Message):
    """Text, as base64 on the wire: what boto2's Message sends."""

    #: Refuse what is no base64. In a subclass with `strict = False` it is taken as plain text, as boto2 did.
    strict: ClassVar[bool] = True

    def encode(self, body: str) -> str:
        return to_base64(body)

    def decode(self, raw_body: str) -> str:
        return from_base64(raw_body, self.strict)


class MHMessage(BaseMessage[dict[str, str]]):
    """A mapping of str to str, as lines of "key: value" on the wire: `message["key"]`, or `message.body` for a dict.

    Keys and values are stripped of white space when they are read, and a later line replaces an earlier one with its
    key; both are boto2's rules. What would not come back as it is cannot be sent: an empty key, a key with a colon,
    line breaks, white space at an end.
    """

    #: Refuse lines that are not "key: value". In a subclass with `strict = False` they are passed over.
    strict: ClassVar[bool] = True

    def set_body(self, body: Mapping[str, str]) -> None:
        if not isinstance(body, Mapping):
            raise InvalidBody(
                message_class=type(self).__name__,
                reason=f"it takes a dict of str, not {type(body).__name__} {shorten(str(body))}",
            )
        super().set_body(dict(body))

    def encode(self, body: dict[str, str]) -> str:
        return "".join(f"{key}: {value}\n" for key, value in body.items() if _is_field(key, value))

    def decode(self, raw_body: str) -> dict[str, str]:
        fields: dict[str, str] = {}
        # Not splitlines(), which breaks at a dozen other characters too.
        for number, line in enumerate(raw_body.split("\n"), 1):
            key, colon, value = line.partition(":")
            if colon and key.strip():
                fields[key.strip()] = value.strip()
            elif line.strip() and self.strict:
                raise UndecodableBody(
                    f'line {number} of {shorten(raw_body)} is {shorten(line)}, which is no "key: value"'
                )
        if not fields and self.strict:
            raise UndecodableBody(f'{shorten(raw_body)} has no line "key: value"')
        return fields

    # --- what boto2's class offered of a mapping

    def __getitem__(self, key: str) -> str:
        return self.get_body()[key]

    def __setitem__(self, key: str, value: str) -> None:
        # Anew, so that what was encoded before is not sent.
        self.set_body({**({} if self._is_empty else self.get_body()), key: value})

    def __contains__(self, key: object) -> bool:
        return key in self.get_body()

    def __iter__(self) -> Iterator[str]:
        return iter(self.get_body())

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or the default."""
        return self.get_body().get(key, default)

    def keys(self) -> KeysView[str]:
        """The keys, in the order of their lines."""
        return self.get_body().keys()

    def values(self) -> ValuesView[str]:
        """The values, in the order of their lines."""
        return self.get_body().values()

    def items(self) -> ItemsView[str, str]:
        """Keys with their values, in the order of their lines."""
        return self.get_body().items()

    @property
    def _is_empty(self) -> bool:
        return self._body is _UNSET and self._raw is None


def _is_field(key: Any, value: Any) -> bool:
    """Raises `ValueError` for what would not come back as it is."""
    for text in (key, value):
        if not isinstance(text, str):
            raise ValueError(f"{key!r}: {value!r} is not made of two str")
        if "\n" in text or text != text.strip():
            raise ValueError(f"{key!r}: {value!r} has a line break, or white space at an end, which would be lost")
    if not key or ":" in key:
        raise ValueError(f"the key {key!r} is empty or has a colon")
    return True


class EncodedMHMessage(MHMessage):
    """A mapping, as base64 of lines of "key: value" on the wire. With `strict = False` in a subclass, lines that are
    not in base64 are read too."""

    def encode(self, body: dict[str, str]) -> str:
        return to_base64(super().encode(body))

    def decode(self, raw_body: str) -> dict[str, str]:
        return super().decode(from_base64(raw_body, self.strict))


class Base64JSONMessage(JSONMessage):
    """Any value that JSON knows, as base64 of its JSON on the wire: what boto2's JSONMessage sends. With
    `strict = False` in a subclass, JSON that is not in base64 is read too."""

    #: Refuse what is no base64.
    strict: ClassVar[bool] = True

    def encode(self, body: Any) -> str:
        return to_base64(dump_json(body))

    def decode(self, raw_body: str) -> Any:
        return load_json(from_base64(raw_body, self.strict))
