"""A model instance travels by reference: its name and its key, never its data."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from django_sqs.exceptions import InstanceNotFound, InvalidBody, ModelNotFound, Reject, UndecodableBody
from django_sqs.message import ModelInstanceMessage, ModelReference
from tests.sample.models import Article, Country, Draft, Seat, Ticket

pytestmark = pytest.mark.django_db(databases=["default", "other"])


def received(raw: str) -> ModelInstanceMessage:
    return ModelInstanceMessage.from_received({"Body": raw})


def wire(**content: Any) -> str:
    return json.dumps(content)


def unsaved(model: Any) -> Any:
    """An instance whose key is None, wholly or in part."""
    empty: dict[str, Any] = {"code": None} if model is Country else {"number": None}
    return model(**empty)


class TestGivingAnInstance:
    @pytest.mark.parametrize(
        "make",
        [
            lambda: Article.objects.create(title="a"),
            lambda: Ticket.objects.create(title="a"),
            lambda: Country.objects.create(code="ü!"),
            lambda: Seat.objects.create(number=5),
            lambda: Draft.objects.create(),
            lambda: User.objects.create(username="someone"),
        ],
        ids=["counted", "uuid", "text", "composite", "hidden by its manager", "of another app"],
    )
    def test_of_any_kind_of_key_it_is_found_again(self, make: Any) -> None:
        instance = make()
        message = ModelInstanceMessage(instance=instance)
        assert message.get_instance() is instance
        again = received(message.raw_body)
        assert again.get_instance() == instance
        assert again.get_instance() is not instance
        assert again.get_instance() is again.get_instance()

    def test_only_its_name_and_key_are_sent(self) -> None:
        article = Article.objects.create(title="not sent")
        raw = ModelInstanceMessage(instance=article).raw_body
        assert json.loads(raw) == {"app": "sample", "model": "article", "pk": article.pk, "using": "default"}

    def test_it_is_loaded_as_it_is_when_it_is_received(self) -> None:
        article = Article.objects.create(title="before")
        raw = ModelInstanceMessage(instance=article).raw_body
        Article.objects.update(title="after")
        assert received(raw).get_instance().title == "after"  # type: ignore[attr-defined]

    def test_it_is_loaded_from_the_database_that_it_is_in(self) -> None:
        Article.objects.create(pk=7, title="default")
        other = Article.objects.using("other").create(pk=7, title="other")
        again = received(ModelInstanceMessage(instance=other).raw_body).get_instance()
        assert again.title == "other"  # type: ignore[attr-defined]
        assert again._state.db == "other"

    @pytest.mark.parametrize("instance", [Article(title="a"), unsaved(Country), unsaved(Seat)])
    def test_it_must_have_been_saved(self, instance: Any) -> None:
        with pytest.raises(InvalidBody, match="no primary key yet; save it first"):
            ModelInstanceMessage(instance=instance)

    @pytest.mark.parametrize("instance", [5, "article", Article, object()])
    def test_it_must_be_an_instance(self, instance: Any) -> None:
        with pytest.raises(InvalidBody, match="is no model instance"):
            ModelInstanceMessage(instance=instance)

    def test_it_or_a_body_must_be_given_and_not_both(self) -> None:
        reference = ModelReference(app_label="sample", model_name="article", pk=1)
        for keywords in ({}, {"instance": Article(pk=1), "body": reference}):
            with pytest.raises(InvalidBody, match=r"it takes instance=\.\.\., a saved model instance"):
                ModelInstanceMessage(**keywords)  # type: ignore[arg-type]


class TestGivingABody:
    def test_it_is_a_reference(self) -> None:
        article = Article.objects.create(title="a")
        message = ModelInstanceMessage(
            body=ModelReference(app_label="sample", model_name="article", pk=article.pk, using=None)
        )
        assert message.get_instance() == article
        assert json.loads(message.raw_body)["using"] is None

    @pytest.mark.parametrize("body", ["text", 5, {"app": "sample"}, ["sample", "article", 1]])
    def test_it_is_nothing_else(self, body: Any) -> None:
        with pytest.raises(InvalidBody, match="its body is a ModelReference"):
            ModelInstanceMessage(body=body)

    def test_a_new_one_is_another_instance(self) -> None:
        one, two = (Article.objects.create(title=title) for title in "ab")
        message = ModelInstanceMessage(instance=one)
        message.body = ModelReference(app_label="sample", model_name="article", pk=two.pk)
        assert message.get_instance() == two

    def test_it_reads_as_what_it_is(self) -> None:
        assert str(ModelReference(app_label="a", model_name="b", pk="c")) == "a.b with primary key 'c'"


class TestReceiving:
    def test_the_original_form_is_read_too(self) -> None:
        article = Article.objects.create(title="a")
        # As django-sqs 0.x and boto2 sent it.
        raw = base64.b64encode(json.dumps(["sample", "article", article.pk]).encode()).decode()
        assert received(raw).get_instance() == article
        assert received(f"\n{raw}\n").get_instance() == article

    def test_an_alias_that_is_not_here_is_not_used(self) -> None:
        article = Article.objects.create(title="a")
        for using in ("elsewhere", None, 5, ["other"], ""):
            raw = wire(app="sample", model="article", pk=article.pk, using=using)
            assert received(raw).get_instance() == article

    def test_more_keys_do_no_harm(self) -> None:
        article = Article.objects.create(title="a")
        assert received(wire(app="sample", model="article", pk=article.pk, more=1)).get_instance() == article

    @pytest.mark.parametrize(
        ("app", "model"), [("sample", "nothing"), ("nowhere", "article"), ("", ""), ("sample", "article.x")]
    )
    def test_a_model_that_is_unknown_is_a_rejection_that_names_it(self, app: str, model: str) -> None:
        with pytest.raises(ModelNotFound, match="there is no model") as raised:
            received(wire(app=app, model=model, pk=1)).get_instance()
        assert f"{app}.{model}" in str(raised.value)
        assert isinstance(raised.value, Reject)

    def test_a_row_that_is_gone_is_a_rejection_that_names_it(self) -> None:
        with pytest.raises(InstanceNotFound, match=r"sample\.article with primary key 404 is gone") as raised:
            received(wire(app="sample", model="article", pk=404)).get_instance()
        assert isinstance(raised.value, Reject)

    @pytest.mark.parametrize(
        ("model", "pk"),
        [
            ("article", "five"),
            ("article", 10**30),
            ("article", [1, 2]),
            ("ticket", "no uuid"),
            ("ticket", 5.5),
            ("seat", 1),
            ("seat", "x"),
            ("seat", [1]),
            ("seat", [1, 2, 3]),
            ("seat", ["no uuid", 5]),
            ("country", "x" * 1_000),
            ("country", "\0"),
        ],
    )
    def test_a_key_that_cannot_be_is_a_rejection(self, model: str, pk: Any) -> None:
        with pytest.raises(InstanceNotFound, match=rf"sample\.{model} with primary key"):
            received(wire(app="sample", model=model, pk=pk)).get_instance()

    @pytest.mark.parametrize(
        "raw",
        [
            "",
            "text",
            "{}",
            "[]",
            "null",
            "5",
            wire(app="sample", model="article"),
            wire(app="sample", model="article", pk=None),
            wire(app="sample", model="article", pk={"a": 1}),
            wire(app="sample", model="article", pk=[]),
            wire(app="sample", model="article", pk=[None, 1]),
            wire(app="sample", model="article", pk=[[1], 2]),
            wire(app=5, model="article", pk=1),
            wire(app="sample", model=None, pk=1),
            base64.b64encode(b"[1, 2]").decode(),
            base64.b64encode(b"\xff\xfe").decode(),
            base64.b64encode(b"not json").decode(),
            '["sample", "article", 1]',
            "{" * 100_000,
        ],
    )
    def test_what_names_no_instance_is_undecodable(self, raw: str) -> None:
        with pytest.raises(UndecodableBody):
            received(raw).get_body()


@given(
    app=st.text(),
    model=st.text(),
    pk=st.integers() | st.text() | st.booleans() | st.lists(st.integers() | st.text(), min_size=1).map(tuple),
    using=st.none() | st.text(),
)
def test_any_reference_comes_back_as_it_was(app: str, model: str, pk: Any, using: str | None) -> None:
    reference = ModelReference(app_label=app, model_name=model, pk=pk, using=using)
    assert received(ModelInstanceMessage(body=reference).raw_body).get_body() == reference


@pytest.mark.parametrize("model", ["article", "ticket", "country", "seat", "draft"])
@given(pk=st.integers() | st.text() | st.floats() | st.booleans() | st.lists(st.integers() | st.text(), max_size=3))
def test_any_key_is_an_instance_or_a_rejection(model: str, pk: Any) -> None:
    try:
        received(json.dumps({"app": "sample", "model": model, "pk": pk})).get_instance()
    except Reject:
        return


def test_keys_that_json_does_not_know_are_sent_as_text() -> None:
    ticket = Ticket.objects.create(title="a")
    sent = json.loads(ModelInstanceMessage(instance=ticket).raw_body)["pk"]
    assert sent == str(ticket.pk)
    assert uuid.UUID(sent) == ticket.pk
