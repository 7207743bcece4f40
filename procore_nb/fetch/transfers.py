"""Responses of files, as their limits and redirects allow: what waits in a download.

In: addresses from records. Out: open responses, their bodies not yet read. The API host's requests go through its rate
limiter; stores have none, only few connections.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic
from urllib.parse import urlsplit

from procore_nb.errors import RequestError
from procore_nb.fetch.workers import Answer, Job, Observer, OneRequest, RequestPolicy, ThreadPool
from procore_nb.http import Session
from procore_nb.http.destination import Destination, FileGuard
from procore_nb.http.file_session import FileResponse, FileSession

_REDIRECTS = 5
_ENDING_SECONDS = 5.0  # for threads that were told to stop


class TransferPool(ThreadPool[Job, Answer], Generic[Job, Answer]):
    """The threads of a download: `work` does one job, with `open_file` and `pause_before_retry` of the pool."""

    def __init__(
        self,
        session: Session,
        policy: RequestPolicy,
        observer: Observer,
        *,
        work: Callable[[Job], Answer],
        guard: FileGuard,
        total_seconds: float,
        check_interrupt: Callable[[], None],
    ) -> None:
        super().__init__(session, policy, observer, check_interrupt=check_interrupt)
        self._do = work
        self._guard = guard
        self._files = FileSession(session, connections=policy.workers, total_seconds=total_seconds)

    def fetch(self, job: Job) -> Answer:
        return self._do(job)

    def open_file(self, address: str, headers: Mapping[str, str], company_id: int | None) -> FileResponse:
        """Return the response for an address after its redirects, whatever its status.

        Raises
        ------
        RequestError
            If the address or a redirect leads where no file may come from, or redirects have no end.
        NetworkError, CredentialsError, RateLimitError
            If no response came.
        """
        to = self._guard.first(address)
        for _ in range(_REDIRECTS + 1):
            response = self._send(to, headers, company_id)
            location = response.headers.get("location")
            if not (300 <= response.status < 400 and location):
                return response
            response.close()
            to = self._guard.redirected(to, location)
        raise RequestError(f"{urlsplit(address).hostname} redirects again and again.")

    def end(self) -> None:
        """Stop the threads, break what they wait for, and close the connections."""
        self.stop()
        self._files.abort()
        for thread in self._threads:
            thread.join(_ENDING_SECONDS)
        self._files.close()

    def _send(self, to: Destination, headers: Mapping[str, str], company_id: int | None) -> FileResponse:
        with OneRequest(self, urlsplit(to.url).path, limited=to.limited) as one:
            response = self._files.open(to, headers, company_id=company_id, before_again=one.send_again)
            one.received(response)
        return response
