"""The message classes: what a body means, and how it stands on the wire."""

from django_sqs.message.attributes import Labelled
from django_sqs.message.base import BaseMessage, Message
from django_sqs.message.event_bridge import Event, EventBridgeMessage
from django_sqs.message.json_body import JSONMessage
from django_sqs.message.legacy import Base64JSONMessage, Base64Message, EncodedMHMessage, MHMessage
from django_sqs.message.model_instance import ModelInstanceMessage, ModelReference
from django_sqs.message.payload import DataclassMessage
from django_sqs.message.s3_event import S3EventMessage, S3Record
from django_sqs.message.s3_payload import S3PayloadMessage
from django_sqs.message.sns import SNSMessage

__all__ = [
    "Base64JSONMessage",
    "Base64Message",
    "BaseMessage",
    "DataclassMessage",
    "EncodedMHMessage",
    "Event",
    "EventBridgeMessage",
    "JSONMessage",
    "Labelled",
    "MHMessage",
    "Message",
    "ModelInstanceMessage",
    "ModelReference",
    "S3EventMessage",
    "S3PayloadMessage",
    "S3Record",
    "SNSMessage",
]
