"""Messages that carry the text of another message class."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, TypeVar

from django_sqs.exceptions import WrongArgument
from django_sqs.message.base import BaseMessage, Message

WrappingT = TypeVar("WrappingT", bound="WrappingMessage")


class WrappingMessage(BaseMessage[Any]):
    """What comes around a text whose meaning another class knows: plain text, or what `of()` says.

    The body is that of the inner message, which is at hand as `inner`. A subclass says by `unwrap()` what the text is.
    """

    #: What the text inside is.
    inner_class: ClassVar[type[BaseMessage[Any]]] = Message

    _inner: BaseMessage[Any] | None = None

    @classmethod
    def of(cls: type[WrappingT], inner_class: type[BaseMessage[Any]]) -> type[WrappingT]:
        """This class for texts of another message class: `SNSMessage.of(JSONMessage)`. Always the same class for the
        same argument."""
        given: Any = inner_class
        if not (inspect.isclass(given) and issubclass(given, BaseMessage)):
            raise WrongArgument(
                problem=f"{cls.__name__}.of() got {inner_class!r}.",
                mend="It takes a message class, such as JSONMessage.",
            )
        make: Any = _subclass  # a class can be hashed, whatever mypy makes of its __hash__
        made: type[WrappingT] = make(cls, inner_class)
        return made

    @classmethod
    def from_received(cls: type[WrappingT], raw: Mapping[str, Any], queue_name: str | None = None) -> WrappingT:
        message = super().from_received(raw, queue_name)
        message._attributes_arrived()
        return message

    def _attributes_arrived(self) -> None:
        """`message_attributes` has what came with the message. Must not raise."""

    def unwrap(self, raw_body: str) -> str:
        """The text inside a wire text. May raise any exception for one that is not right."""
        raise NotImplementedError(f"{type(self).__name__} must define unwrap().")

    def encode(self, body: Any) -> str:
        """The text of the inner class alone: what we send is plain for any other consumer."""
        return self._around(body).raw_body

    def decode(self, raw_body: str) -> Any:
        inner = self._received(self.unwrap(raw_body))
        body = inner.get_body()
        if raw_body is self._raw:
            self._inner = inner
        return body

    def set_body(self, body: Any) -> None:
        # It refuses here, and not only when the message is sent, what the inner class does not take.
        inner = self._around(body)
        super().set_body(inner.get_body())
        self._inner = inner

    @property
    def inner(self) -> BaseMessage[Any]:
        """The message inside, of `inner_class`: for what that class knows beside its body."""
        self.get_body()
        assert self._inner is not None
        return self._inner

    @property
    def ignored(self) -> bool:
        return self.inner.ignored

    def _around(self, body: Any) -> BaseMessage[Any]:
        inner = self.inner_class.__new__(self.inner_class)
        inner._start()
        inner.set_body(body)
        return inner

    def _received(self, text: str) -> BaseMessage[Any]:
        around = {"MessageId": self.id, "ReceiptHandle": self.receipt_handle, "Attributes": self.attributes}
        inner = self.inner_class.from_received({**around, "Body": text}, self.queue_name)
        inner.message_attributes = dict(self.message_attributes)
        inner.attribute_labels = dict(self.attribute_labels)
        if isinstance(inner, WrappingMessage):
            inner._attributes_arrived()
        return inner

    @classmethod
    def _takes(cls, value: object) -> bool:
        return cls.inner_class._takes(value)


@cache
def _subclass(cls: type[Any], inner_class: type[BaseMessage[Any]]) -> type[Any]:
    name = f"{cls.__name__}.of({inner_class.__name__})"
    return type(name, (cls,), {"inner_class": inner_class, "__doc__": cls.__doc__, "__module__": cls.__module__})
