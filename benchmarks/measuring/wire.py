"""SQS's JSON protocol over a plain connection, for what a benchmark does beside what it measures."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

ACCOUNT = "000000000000"


class Wire:
    """One connection to the stand-in. It signs nothing: the stand-in checks no signature."""

    def __init__(self, endpoint_url: str) -> None:
        address = urlsplit(endpoint_url)
        assert address.hostname is not None
        self._endpoint_url = endpoint_url
        self._connection = http.client.HTTPConnection(address.hostname, address.port)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *details: object) -> None:
        self._connection.close()

    def url(self, queue: str) -> str:
        """The address of a queue."""
        return f"{self._endpoint_url}/{ACCOUNT}/{queue}"

    def ask(self, action: str, **parameters: Any) -> dict[str, Any]:
        """Make one request. Raises `RuntimeError` where the answer is an error."""
        self._connection.request(
            "POST",
            "/",
            json.dumps(parameters),
            {"X-Amz-Target": f"AmazonSQS.{action}", "Content-Type": "application/x-amz-json-1.0"},
        )
        answer = self._connection.getresponse()
        body: dict[str, Any] = json.loads(answer.read())
        if answer.status != 200:
            raise RuntimeError(f"{action} was refused: {body}")
        return body
