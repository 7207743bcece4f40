"""Parameters out of a request body, whichever way they were written.

In: a request with a form, a multipart form or JSON. Out: one flat dict of text. Speaks to no service.
"""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser
from urllib.parse import parse_qsl

import orjson

from procore_nb.demo.http_messages import DemoRequest


class UnreadableBodyError(ValueError):
    """The body is not what its `Content-Type` says."""


def read_parameters(request: DemoRequest) -> dict[str, str]:
    """Parameters of query and body together; the body wins."""
    parameters = dict(parse_qsl(request.query, keep_blank_values=True))
    if not request.body:
        return parameters
    content_type = request.headers.get("content-type", "").lower()
    if "json" in content_type:
        return parameters | _from_json(request.body)
    if content_type.startswith("multipart/form-data"):
        return parameters | _from_multipart(request.headers["content-type"], request.body)
    return parameters | _from_form(request.body)


def _from_json(body: bytes) -> dict[str, str]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnreadableBodyError("The body is not JSON.") from error
    if not isinstance(value, dict):
        raise UnreadableBodyError("The body is not a JSON object.")
    return {key: item for key, item in value.items() if isinstance(item, str)}


def _from_form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except ValueError as error:
        raise UnreadableBodyError("The body is not a form.") from error


def _from_multipart(content_type: str, body: bytes) -> dict[str, str]:
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\nMIME-Version: 1.0\r\n\r\n"
    message = BytesParser().parsebytes(head + body)
    if not message.is_multipart():
        raise UnreadableBodyError("The body is not a multipart form.")
    found = {}
    for part in message.get_payload():
        if not isinstance(part, Message):
            continue
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found[name] = content.decode("utf-8", "replace")
    return found
