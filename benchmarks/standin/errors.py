"""The errors that SQS answers with, and how each is spelled on the wire."""

from __future__ import annotations

from typing import Any

#: The names by which clients of the older query protocol know an error, where they differ from the
#: name in the model. SQS sends them in a header, and botocore shows them as the error's code.
QUERY_CODES = {
    "BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    "BatchRequestTooLong": "AWS.SimpleQueueService.BatchRequestTooLong",
    "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
    "InvalidBatchEntryId": "AWS.SimpleQueueService.InvalidBatchEntryId",
    "MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight",
    "PurgeQueueInProgress": "AWS.SimpleQueueService.PurgeQueueInProgress",
    "QueueDeletedRecently": "AWS.SimpleQueueService.QueueDeletedRecently",
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
    "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    "UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
}

#: Errors of the service's front, which are not in the model of SQS.
_FRONT_ERRORS = {
    "InternalError": "InternalFailure",
    "InvalidAction": "UnknownOperationException",
    "InvalidParameterValue": "InvalidParameterValueException",
    "MissingParameter": "MissingRequiredParameterException",
    "SerializationException": "SerializationException",
    "ServiceUnavailable": "ServiceUnavailableException",
    "ThrottlingException": "ThrottlingException",
}


class SQSError(Exception):
    """Raised when a request, or one entry of a batch, is refused as SQS would refuse it."""

    def __init__(self, code: str, message: str, *, entry_code: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        #: The code where the error concerns one entry of a batch: not always the same.
        self.entry_code = entry_code or code
        self.status = status

    @property
    def query_error(self) -> str:
        """The value of the header ``x-amzn-query-error``: the old name, and whose fault it was."""
        fault = "Sender" if self.status < 500 else "Receiver"
        return f"{QUERY_CODES.get(self.code, self.code)};{fault}"

    def as_json(self) -> dict[str, Any]:
        """The body of the answer when the whole request failed."""
        front = _FRONT_ERRORS.get(self.code)
        kind = f"com.amazon.coral.service#{front}" if front else f"com.amazonaws.sqs#{self.code}"
        return {"__type": kind, "message": self.message}

    def as_entry(self, entry_id: str) -> dict[str, Any]:
        """The same as one of the ``Failed`` entries of a batch."""
        return {
            "Id": entry_id,
            "SenderFault": self.status < 500,
            "Code": self.entry_code,
            "Message": self.message,
        }


def invalid_value(value: object, parameter: str, reason: str) -> SQSError:
    """The error for a parameter whose value is out of its range or of the wrong kind."""
    return SQSError(
        "InvalidParameterValue",
        f"Value {value} for parameter {parameter} is invalid. Reason: {reason}",
    )


def missing(parameter: str) -> SQSError:
    """The error for a required parameter that is not there, or is empty."""
    return SQSError("MissingParameter", f"The request must contain the parameter {parameter}.")


def queue_does_not_exist() -> SQSError:
    return SQSError("QueueDoesNotExist", "The specified queue does not exist.")


def invalid_handle(handle: str) -> SQSError:
    """The error for a receipt handle that this queue never gave out."""
    return SQSError(
        "ReceiptHandleIsInvalid",
        f'The input receipt handle "{handle}" is not a valid receipt handle.',
    )


def expired_handle(handle: str) -> SQSError:
    """The error that FIFO queues give once a message is visible again.

    In a batch the same refusal carries the code ReceiptHandleIsInvalid.
    """
    error = invalid_value(handle, "ReceiptHandle", "The receipt handle has expired.")
    error.entry_code = "ReceiptHandleIsInvalid"
    return error


def visibility_unavailable(handle: str) -> SQSError:
    """The error for a visibility change of a message that is deleted or was received again."""
    error = invalid_value(
        handle,
        "ReceiptHandle",
        "Message does not exist or is not available for visibility timeout change.",
    )
    error.entry_code = "ReceiptHandleIsInvalid"
    return error


def not_in_flight() -> SQSError:
    return SQSError("MessageNotInflight", "The specified message isn't in flight.")


def over_limit(limit: int) -> SQSError:
    """The error of a short poll while a standard queue holds too many messages in flight."""
    return SQSError("OverLimit", f"Too many messages in flight: the limit of this queue is {limit}.")
