"""Responses kept on disk for a while, so that an equal request need not be sent again; off unless `connect(cache=…)`.

In: list requests, and responses to their pages. Out: the same responses, until they are too old. Speaks to the file system only,
through requests-cache (the extra `cache`), one file for each response.

A list is kept as a whole or not at all: its pages count only once the last of them has come, in one attempt, without an error,
while the list stood still. So no frame mixes pages of two days, and nothing partial is ever kept. The key of a file holds the
hosts, client id and company, so that no account reads another's rows. Responses come here without tokens (`http.transport`
removes what repeats them), and logins never do. Each file carries a digest: what is damaged is fetched again.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson

from procore_nb.errors import ArgumentError, MissingExtraError, OutputError
from procore_nb.fetch.pages import ListRequest, PageRequest
from procore_nb.http import Session
from procore_nb.responses import Response

_FORM = "1"  # of the files; another one is another key
_LONGEST = 30 * 86_400.0  # seconds
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NOT_KEPT = ("x-rate-limit", "retry-after", "date", "set-cookie")  # headers that speak of their own moment


@dataclass
class _CachedList:
    """The pages of one list in this fetch: the stamp in their keys, and whether they are read or written."""

    request: ListRequest  # also so that no other request gets its identity
    key: str
    stamp: str
    saved_at: float
    is_hit: bool

    def key_of(self, page_request: PageRequest) -> str:
        return _digest([self.key, self.stamp, page_request.parameters])


class ResponseCache:
    """Responses of one session, on disk for `keep` (seconds, `"1h"` or a `timedelta`); threads and forked processes may share it."""

    def __init__(self, keep: Any, session: Session, clock: Callable[[], float]) -> None:
        self.seconds = _seconds(keep)
        self._session, self._clock = session, clock
        self._lists: dict[int, _CachedList] = {}
        # By length of time, so that whoever opens it may remove what is too old for all.
        import platformdirs

        folder = Path(platformdirs.user_cache_dir("procore_nb", appauthor=False))
        self.folder = folder / f"responses-{self.seconds:.0f}s"
        self._open()
        self._remove(older_than=self.seconds)

    def begin(self, request: ListRequest) -> None:
        """Look for the pages of a list, before its first page; where there are none, keep those that come."""
        new = _CachedList(request, self._key_of(request), secrets.token_hex(8), self._clock(), is_hit=False)
        self._lists[id(request)] = self._cached_list(request) or new

    def has_fresh(self, request: ListRequest) -> bool:
        """Return whether a list is cached, whole and fresh."""
        return self._cached_list(request) is not None

    def get(self, page_request: PageRequest) -> Response | None:
        """Return the response to a page request, or None where it has to be sent."""
        cached = self._lists.get(id(page_request.request))
        if cached is None or not cached.is_hit:
            return None
        head, _, body = (self._read(cached.key_of(page_request)) or b"").partition(b"\n")
        try:
            headers, url = orjson.loads(head)
        except ValueError:
            return None
        return Response(200, headers, body, url, self._session.environment.name, cached_at=cached.saved_at)

    def save(self, page_request: PageRequest, response: Response) -> None:
        """Keep a response that was read without an error; it counts once its list is complete."""
        cached = self._lists.get(id(page_request.request))
        if cached is not None and not cached.is_hit and response.status == 200:
            headers = {k: v for k, v in response.headers.items() if not k.startswith(_NOT_KEPT)}
            head = orjson.dumps([headers, response.url])
            self._write(cached.key_of(page_request), head + b"\n" + response.body)

    def end(self, request: ListRequest, *, complete: bool) -> None:
        """Let the pages of a list count, if it is complete."""
        cached = self._lists.pop(id(request), None)
        if cached is not None and complete and not cached.is_hit:
            self._write(cached.key, orjson.dumps([cached.saved_at, cached.stamp]))

    def clear(self) -> int:
        return self._remove(older_than=-1.0)

    def _cached_list(self, request: ListRequest) -> _CachedList | None:
        key = self._key_of(request)
        try:
            at, stamp = orjson.loads(self._read(key) or b"")
        except ValueError:
            return None
        fresh = 0 <= self._clock() - at < self.seconds
        return _CachedList(request, key, stamp, at, is_hit=True) if fresh else None

    def _key_of(self, request: ListRequest) -> str:
        if not self._session.client_id:
            self._session.login()  # credentials of a function: whose they are is known with the first token
        target, client_id = self._session.environment, self._session.client_id
        account = [_FORM, target.login_url, target.api_url, client_id, request.company_id, request.path]
        return _digest([*account, request.parameters, request.paging, request.per_page, request.most_rows])

    def _open(self) -> Any:
        """Return the files; each process has its own, as a lock held at a fork is never released in the child."""
        if vars(self).get("_process") != os.getpid():
            try:
                files = import_module("requests_cache.backends.filesystem").FileDict
                pipeline = import_module("requests_cache.serializers").SerializerPipeline
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self.folder.chmod(0o700)
                as_they_are = pipeline([], name="bin", is_binary=True)
                self._files = files(self.folder, serializer=as_they_are, extension="bin")
            except ImportError as error:
                problem = "cache= needs requests-cache, which is not installed."
                raise MissingExtraError(problem, advice='pip install "procore-nb[cache]"') from error
            except OSError as error:
                raise OutputError(
                    f"The cache {self.folder} cannot be written: {error.strerror or error}."
                ) from error
            self._process = os.getpid()
        return self._files

    def _read(self, key: str) -> bytes | None:
        try:
            raw: bytes = self._open()[key]
            value = zlib.decompress(raw[32:])
        except (KeyError, zlib.error):
            return None
        return value if hashlib.sha256(value).digest() == raw[:32] else None

    def _write(self, key: str, value: bytes) -> None:
        try:
            # The owner's only, before anything is in it.
            path = self.folder / f"{key}.bin"
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            path.chmod(0o600)  # one that was there may have another mode
            self._open()[key] = hashlib.sha256(value).digest() + zlib.compress(value, 1)
        except (KeyError, OSError):
            return  # a full disk costs a request the next time, and no rows now

    def _remove(self, *, older_than: float) -> int:
        removed, now = 0, time.time()  # of the file system, whatever clock the connection has
        for path in list(self._open().paths()):
            try:
                if now - path.stat().st_mtime > older_than:
                    path.unlink()
                    removed += 1
            except OSError:
                continue  # another process removed it
        return removed


def seconds_of(text: str, what: str) -> float:
    """Return a length of time such as 30m, 1h or 1d in seconds; `what` names it in the error."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd])\s*", text.lower())
    if not match or float(match[1]) <= 0:
        problem = f"{what} takes a length of time, not {text!r}."
        raise ArgumentError(problem, advice="For example 30m, 1h or 1d.")
    return float(match[1]) * _SECONDS[match[2]]


def _seconds(keep: Any) -> float:
    seconds = seconds_of(keep, "cache") if isinstance(keep, str) else keep
    seconds = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 1 <= seconds <= _LONGEST:
        problem = f"cache is a length of time up to 30 days, not {keep!r}."
        raise ArgumentError(problem, advice='For example cache="1h".')
    return float(seconds)


def _digest(value: Any) -> str:
    return hashlib.sha256(orjson.dumps(value)).hexdigest()
