"""Messages that carry a model instance: its name and key, never its data."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django_sqs.exceptions import InstanceNotFound, InvalidBody, ModelNotFound, UndecodableBody
from django_sqs.message.base import _UNSET, BaseMessage, shorten
from django_sqs.message.json_body import dump_json, load_json

if TYPE_CHECKING:
    from django.db.models import Model


@dataclass(frozen=True, kw_only=True)
class ModelReference:
    """Which row of which model, and in which database it was."""

    app_label: str
    model_name: str
    pk: Any
    using: str | None = None

    def __str__(self) -> str:
        return f"{self.app_label}.{self.model_name} with primary key {self.pk!r}"


class ModelInstanceMessage(BaseMessage[ModelReference]):
    """A model instance, by reference: `ModelInstanceMessage(instance=photo)`. The receiver's `get_instance()` loads the
    row as it then is.

    On the wire it is JSON, {"app": ..., "model": ..., "pk": ..., "using": ...}. The form of django-sqs 0.x (base64 of
    [app, model, pk] in JSON) is read too.
    """

    _instance: Model | None = None

    def __init__(self, *, instance: Model | None = None, body: ModelReference = _UNSET) -> None:
        super().__init__()
        if (instance is None) == (body is _UNSET):
            raise InvalidBody(
                message_class=type(self).__name__, reason="it takes instance=..., a saved model instance (or body=...)"
            )
        if instance is None:
            self.set_body(body)
        else:
            self.set_body(_reference(type(self).__name__, instance))
            self._instance = instance

    def set_body(self, body: ModelReference) -> None:
        if not isinstance(body, ModelReference):
            raise InvalidBody(
                message_class=type(self).__name__, reason=f"its body is a ModelReference, not {shorten(str(body))}"
            )
        super().set_body(body)
        self._instance = None

    def get_instance(self) -> Model:
        """The row, loaded when first asked for, with the model's base manager (which no default manager's filter hides
        rows from). From the database alias of the message only if DATABASES has it.

        Raises `ModelNotFound` or `InstanceNotFound`; both are a `Reject`.
        """
        if self._instance is None:
            self._instance = _load(self.get_body())
        return self._instance

    def encode(self, body: ModelReference) -> str:
        return dump_json({"app": body.app_label, "model": body.model_name, "pk": body.pk, "using": body.using})

    def decode(self, raw_body: str) -> ModelReference:
        text = raw_body.strip()
        value = load_json(text if text.startswith("{") else _from_base64(text))
        if isinstance(value, list) and len(value) == 3:
            value = dict(zip(("app", "model", "pk"), value, strict=True))
        match value:
            case {"app": str(app), "model": str(model), "pk": pk} if _is_key(pk):
                using = value.get("using")
                return ModelReference(
                    app_label=app,
                    model_name=model,
                    pk=tuple(pk) if isinstance(pk, list) else pk,
                    using=using if isinstance(using, str) else None,
                )
        raise UndecodableBody(f"{shorten(raw_body)} names no model instance (app, model, pk)")


def _is_key(value: Any) -> bool:
    """Can it be a primary key as JSON has it? A composite one is a list."""
    parts = value if isinstance(value, list) and value else [value]
    return all(part is not None and not isinstance(part, (dict, list)) for part in parts)


def _from_base64(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        raise UndecodableBody(f"{shorten(text)} is neither JSON nor the base64 of django-sqs 0.x") from None


def _reference(class_name: str, instance: Any) -> ModelReference:
    from django.db.models import Model

    if not isinstance(instance, Model):
        raise InvalidBody(message_class=class_name, reason=f"instance={instance!r} is no model instance")
    meta = instance._meta
    key = instance.serializable_value("pk")
    if key is None or (isinstance(key, tuple) and None in key):
        # Not the instance's own words: those of an unsaved one may fail.
        raise InvalidBody(message_class=class_name, reason=f"this {meta.label} has no primary key yet; save it first")
    return ModelReference(
        app_label=meta.app_label,
        model_name=meta.model_name or "",
        pk=key,
        using=instance._state.db,
    )


def _load(reference: ModelReference) -> Model:
    from django.apps import apps
    from django.core.exceptions import ValidationError
    from django.db import connections

    try:
        model = apps.get_model(reference.app_label, reference.model_name)
    except LookupError:
        raise ModelNotFound(
            f"there is no model {reference.app_label}.{reference.model_name} here (app or model removed or renamed?)"
        ) from None
    using = reference.using if reference.using in list(connections) else None
    try:
        row: Model = model._base_manager.db_manager(using).get(pk=reference.pk)
    except model.DoesNotExist:
        raise InstanceNotFound(f"{reference} is gone") from None
    except (TypeError, ValueError, OverflowError, ValidationError) as error:
        raise InstanceNotFound(f"{reference} cannot exist: {error}") from error
    return row
