"""The message classes: what a body means, and how it stands on the wire."""

from django_sqs.message.base import BaseMessage, Message
from django_sqs.message.json_body import JSONMessage
from django_sqs.message.model_instance import ModelInstanceMessage, ModelReference

__all__ = ["BaseMessage", "JSONMessage", "Message", "ModelInstanceMessage", "ModelReference"]
