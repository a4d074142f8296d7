"""boto2's wire formats."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_sqs.exceptions import InvalidBody, Reject, UndecodableBody
from django_sqs.message import Base64JSONMessage, Base64Message, BaseMessage, EncodedMHMessage, MHMessage
from tests.message.samples import received

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
WORDS = TEXTS.map(str.strip).filter(lambda text: "\n" not in text)
FIELDS = st.dictionaries(WORDS.filter(lambda text: text and ":" not in text), WORDS, min_size=1)


def body_of(cls: type[BaseMessage[Any]], wire: str) -> Any:
    return cls.from_received(received(wire)).body


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class TestBase64Message:
    def test_is_standard_base64_of_utf_8(self) -> None:
        assert Base64Message(body="grüße ÿ?").raw_body == "Z3LDvMOfZSDDvz8="
        assert body_of(Base64Message, "Z3LDvMOfZSDDvz8=") == "grüße ÿ?"

    @given(body=TEXTS)
    def test_comes_back_as_it_was(self, body: str) -> None:
        assert body_of(Base64Message, Base64Message(body=body).raw_body) == body

    def test_may_be_in_several_lines(self) -> None:
        assert body_of(Base64Message, "aGVs\r\nbG8=\n") == "hello"

    @pytest.mark.parametrize(
        "wire", ["hello there", "hell", "{}", "aGVsbG8", "aGVsbG8=x", "_-__", "/////w==", "aGVsbG8=aGVsbG8="]
    )
    def test_that_is_none_is_an_error_that_says_so_and_is_never_taken_for_text(self, wire: str) -> None:
        with pytest.raises(UndecodableBody, match="is no base64 of UTF-8 text") as caught:
            body_of(Base64Message, wire)
        assert isinstance(caught.value, Reject)
        assert repr(wire) in str(caught.value)
        assert "strict = False" in str(caught.value)

    def test_that_is_none_is_taken_for_text_where_a_class_says_so(self) -> None:
        class Lenient(Base64Message):
            strict = False

        assert body_of(Lenient, "hello there") == "hello there"
        assert body_of(Lenient, "aGVsbG8=") == "hello"
        assert Lenient(body="hello").raw_body == "aGVsbG8="
        assert Base64Message.strict

    def test_takes_text_only(self) -> None:
        with pytest.raises(InvalidBody, match="it takes a str"):
            Base64Message(body=b"a")  # type: ignore[arg-type]

    def test_cannot_carry_what_is_no_unicode(self) -> None:
        with pytest.raises(InvalidBody, match="Base64Message"):
            _ = Base64Message(body="\ud800").raw_body


class TestMHMessage:
    def test_is_lines_of_key_and_value(self) -> None:
        assert MHMessage(body={"command": "run fast", "host": "a:1"}).raw_body == "command: run fast\nhost: a:1\n"

    @given(body=FIELDS)
    def test_comes_back_as_it_was(self, body: dict[str, str]) -> None:
        assert body_of(MHMessage, MHMessage(body=body).raw_body) == body
        assert body_of(EncodedMHMessage, EncodedMHMessage(body=body).raw_body) == body

    def test_is_read_as_boto2_reads_it(self) -> None:
        wire = "a:1\n  b :  two words \r\n\nc: http://x/?y=1:2\nempty:\na: later"
        assert body_of(MHMessage, wire) == {"a": "later", "b": "two words", "c": "http://x/?y=1:2", "empty": ""}

    @pytest.mark.parametrize("wire", ["", " \n", "no colon", "a: 1\nno colon\n", ": no key", '["json"]', "YTogMQo="])
    def test_that_is_none_is_an_error_that_says_so(self, wire: str) -> None:
        with pytest.raises(UndecodableBody, match='"key: value"'):
            body_of(MHMessage, wire)

    def test_names_the_line_that_is_wrong(self) -> None:
        with pytest.raises(UndecodableBody, match=r"line 2 of 'a: 1.*is 'nonsense'"):
            body_of(MHMessage, "a: 1\nnonsense\nb: 2")

    def test_is_read_as_far_as_it_goes_where_a_class_says_so(self) -> None:
        class Lenient(MHMessage):
            strict = False

        assert body_of(Lenient, "a: 1\nnonsense\n: b\nc: 2") == {"a": "1", "c": "2"}
        assert body_of(Lenient, "nonsense") == {}

    def test_is_a_mapping_itself(self) -> None:
        message = MHMessage.from_received(received("a: 1\nb: 2"))
        assert message["a"] == "1"
        assert (list(message), list(message.keys()), list(message.values())) == (["a", "b"], ["a", "b"], ["1", "2"])
        assert dict(message.items()) == dict(message) == {"a": "1", "b": "2"}
        assert ("a" in message, "c" in message) == (True, False)
        assert (message.get("a"), message.get("c"), message.get("c", "x")) == ("1", None, "x")
        with pytest.raises(KeyError):
            message["c"]

    def test_can_be_filled_key_by_key(self) -> None:
        message = MHMessage()
        message["a"] = "1"
        assert message.raw_body == "a: 1\n"
        message["b"] = "2"
        assert message.raw_body == "a: 1\nb: 2\n"

    def test_keeps_a_copy_of_the_dict_that_it_is_given(self) -> None:
        given = {"a": "1"}
        message = MHMessage(body=given)
        given["a"] = "2"
        assert message["a"] == "1"

    @pytest.mark.parametrize("body", ["a: 1", None, ["a"], 5])
    def test_takes_a_mapping_only(self, body: Any) -> None:
        with pytest.raises(InvalidBody, match="it takes a dict of str"):
            MHMessage(body=body)

    @pytest.mark.parametrize(
        "body", [{"a:b": "1"}, {"": "1"}, {"a": " 1"}, {"a ": "1"}, {"a": "1\n2"}, {"a\nb": "1"}, {"a": 1}, {1: "a"}]
    )
    def test_refuses_what_would_not_come_back(self, body: Any) -> None:
        with pytest.raises(InvalidBody):
            _ = MHMessage(body=body).raw_body


class TestEncodedMHMessage:
    def test_is_base64_of_the_lines(self) -> None:
        assert EncodedMHMessage(body={"a": "1"}).raw_body == base64_of("a: 1\n")
        assert EncodedMHMessage.from_received(received(base64_of("a: 1\n")))["a"] == "1"

    @pytest.mark.parametrize("wire", ["a: 1", base64_of("no colon"), base64_of("")])
    def test_that_is_none_is_an_error_that_says_so(self, wire: str) -> None:
        with pytest.raises(UndecodableBody):
            body_of(EncodedMHMessage, wire)

    def test_may_be_without_base64_where_a_class_says_so(self) -> None:
        class Lenient(EncodedMHMessage):
            strict = False

        assert body_of(Lenient, "a: 1") == body_of(Lenient, base64_of("a: 1")) == {"a": "1"}


class TestBase64JSONMessage:
    def test_is_base64_of_json(self) -> None:
        assert Base64JSONMessage(body={"a": [1, "ü"]}).raw_body == base64_of('{"a":[1,"ü"]}')
        assert body_of(Base64JSONMessage, base64_of('{"a": [1, null]}')) == {"a": [1, None]}

    @pytest.mark.parametrize("wire", ['{"a": 1}', base64_of("{"), base64_of("NaN"), "", "[" * 100])
    def test_that_is_none_is_an_error_that_says_so(self, wire: str) -> None:
        with pytest.raises(UndecodableBody):
            body_of(Base64JSONMessage, wire)

    def test_may_be_without_base64_where_a_class_says_so(self) -> None:
        class Lenient(Base64JSONMessage):
            strict = False

        assert body_of(Lenient, '{"a": 1}') == body_of(Lenient, base64_of('{"a": 1}')) == {"a": 1}
        with pytest.raises(UndecodableBody):
            body_of(Lenient, "neither")
