"""The demo behind `requests`: a session with this adapter mounted needs no network.

In: prepared requests. Out: `requests.Response`, as if they had travelled.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from procore_nb.demo.app import Demo
from procore_nb.demo.http_messages import DemoReply, DemoRequest


class DemoAdapter(HTTPAdapter):
    """Answers from a demo inside the process; `sleep` is how a late reply waits.

    Examples
    --------
    >>> session = requests.Session()
    >>> session.mount("https://procore.demo", DemoAdapter(Demo()))
    >>> session.get("https://procore.demo/rest/v1.0/me").status_code
    401
    """

    def __init__(self, demo: Demo, *, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__()
        self._demo = demo
        self._sleep = sleep

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Response to a prepared request; `ReadTimeout` or `ConnectionError` where a fault says so."""
        began = time.perf_counter()
        reply = self._demo.respond(_read(request)).sized()
        limit = timeout[1] if isinstance(timeout, tuple) else timeout
        wait = reply.delay_seconds if limit is None else min(reply.delay_seconds, limit)
        if wait:
            self._sleep(wait)
        if wait < reply.delay_seconds:
            raise requests.exceptions.ReadTimeout("The demo did not answer in time.", request=request)
        if reply.silent:
            broken = urllib3.exceptions.ProtocolError(
                "Connection broken: the demo closed it before any reply"
            )
            raise requests.exceptions.ConnectionError(broken, request=request)
        headers = HTTPHeaderDict(reply.headers)
        raw = HTTPResponse(
            body=io.BufferedReader(_Pieces(reply, self._sleep)),
            headers=headers,
            status=reply.status,
            reason=HTTPStatus(reply.status).phrase,
            preload_content=False,
            request_method=request.method,
            original_response=cast("Any", SimpleNamespace(msg=headers, close=bool, isclosed=bool)),  # cookies
        )
        response = self.build_response(request, raw)
        response.elapsed = timedelta(seconds=time.perf_counter() - began)
        return response


class _Pieces(io.RawIOBase):
    """Body of a reply, some of which may be made while it is read."""

    def __init__(self, reply: DemoReply, sleep: Callable[[float], None]) -> None:
        super().__init__()
        self._reply, self._sleep, self._pieces, self._rest = reply, sleep, reply.pieces(), b""

    def readable(self) -> bool:
        """It can be read, and nothing else."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Next bytes; none at the end."""
        if not self._rest:
            self._rest = next(self._pieces, b"")
            if self._rest and self._reply.pause_seconds:
                self._sleep(self._reply.pause_seconds)
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _read(request: requests.PreparedRequest) -> DemoRequest:
    parts = urlsplit(request.url or "")
    headers: dict[str, Any] = {"host": parts.netloc}
    headers |= {name.lower(): value for name, value in request.headers.items()}
    texts = {name: one if isinstance(one, str) else one.decode("latin-1") for name, one in headers.items()}
    body: Any = request.body or b""
    if not isinstance(body, str | bytes):
        body = b"".join(body)  # an upload in pieces
    return DemoRequest(
        method=(request.method or "GET").upper(), path=parts.path or "/", query=parts.query,
        headers=texts, body=body.encode() if isinstance(body, str) else body, scheme=parts.scheme,
    )  # fmt: skip
