"""A folder of the files in a frame: planned, fetched side by side, each whole under its name or not there.

In: a frame of files, a folder, what opens an address and what reads a record again. Out: the frame with the outcome of each
file. Waits and sends through its pool only; writes the folder and its manifest.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from procore_nb.atomic_write import one_writer, output_path
from procore_nb.errors import (
    AccessError,
    ArgumentError,
    CatalogError,
    CredentialsError,
    IncompleteError,
    NetworkError,
    NotFoundError,
    OutputError,
    ProcoreError,
    RateLimitError,
    warn,
)
from procore_nb.fetch import Cancelled, DeferredInterrupt
from procore_nb.fetch.workers import TransferPool
from procore_nb.files.download_folder import (
    DownloadManifest,
    FileEntry,
    FolderNames,
    PartFile,
    digest_of,
    identity_of,
    is_inside,
)
from procore_nb.files.find_files import FileRecord, records_of
from procore_nb.progress import TransferProgress, counted, size_text

PARTS = ".procore-nb-parts"
_RESERVE_BYTES = 64 << 20  # of a disk, which stay free
_EXPIRED_STATUS = (401, 403, 404, 410)  # what expired addresses answer; stores do not agree on one
_HTML = re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE)
_HTML_NAME = re.compile(r"\.(x?html?|mht|php|aspx?)$", re.IGNORECASE)
_UNAVAILABLE = "Procore has no address for this file (file_unavailable)."
_DISK_FULL = "The disk is full."


@dataclass(frozen=True)
class DownloadOptions:
    """How a download behaves; sizes in bytes, times in seconds."""

    kinds: tuple[str, ...] | None = None
    max_bytes: int | None = None
    overwrite: bool = False
    hide: bool = False
    unannounced_bytes: int = 256 << 20
    """The largest body whose length was not announced: such a one may have no end."""
    file_seconds: float = 3600.0
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class FileOutcome:
    """The outcome of one file."""

    status: str
    reason: str | None = None
    path: str | None = None
    bytes: int | None = None
    sha256: str | None = None


Pool = TransferPool[FileEntry, FileOutcome]


class _Skip(ProcoreError):
    """The file is left out on purpose."""


class Downloader:
    """One download into one folder; `lookup` reads a record again and returns the address that the file has now."""

    def __init__(
        self,
        folder: Any,
        environment: str,
        options: DownloadOptions,
        lookup: Callable[[FileRecord], str | None],
    ) -> None:
        self._root = output_path(folder)
        self._parts = self._root / PARTS
        self._environment, self._options, self._lookup = environment, options, lookup
        self._naming, self._disk_full = threading.Lock(), False
        self._pool: Pool
        self._progress: TransferProgress
        self._manifest: DownloadManifest
        self._names: FolderNames

    def run(
        self, files: pd.DataFrame, pool: Callable[..., Pool], progress: Callable[[int, int], TransferProgress]
    ) -> pd.DataFrame:
        """Return the frame with `path`, `bytes`, `sha256`, `status` and `reason`; where it is stopped, `partial` is that frame."""
        records, kinds, hide = records_of(files), self._options.kinds, self._options.hide
        identities = [identity_of(record, self._environment) for record in records]
        outcomes: dict[str, FileOutcome] = {}
        jobs: dict[str, FileEntry] = {}
        self._make_folder()
        with one_writer(self._parts):
            self._manifest = DownloadManifest(self._root, hide=hide)
            self._names = FolderNames(self._manifest.entries.values(), hide=hide)
            for identity, record in zip(identities, records, strict=True):
                if kinds is not None and record.kind not in kinds:
                    outcomes[identity] = FileOutcome("skipped", f"Its kind is {record.kind}.")
                elif identity not in jobs:
                    jobs[identity] = FileEntry(identity, self._names.path(record, identity), record)
            self._check_room(jobs)
            self._progress = progress(len(jobs), sum(job.record.size or 0 for job in jobs.values()))
            failure = self._fetch_all(list(jobs.values()), outcomes, pool)
        with suppress(OSError):
            self._parts.rmdir()  # unless parts are left
        unreached, frame = FileOutcome("failed", "The download ended before this file."), files.copy()
        for name in ("path", "bytes", "sha256", "status", "reason"):
            values: Any = [getattr(outcomes.get(identity, unreached), name) for identity in identities]
            frame[name] = pd.Series(values, frame.index, dtype="Int64" if name == "bytes" else "string")
        if failure is not None:
            raise self._stopped(failure, frame, len(jobs)) from failure
        _warn_of_failures(frame, len(jobs))
        return frame

    def _make_folder(self) -> None:
        try:
            self._parts.mkdir(parents=True, exist_ok=True)
            if self._parts.is_symlink():
                raise NotADirectoryError(errno.ENOTDIR, f"{PARTS} is a link")
            if not os.access(self._root, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise OutputError(
                f"Files cannot be written to {self._root}: {error.strerror or error}.",
                advice="Check that the folder may be written to.",
            ) from error

    def _check_room(self, jobs: dict[str, FileEntry]) -> None:
        known = self._manifest.entries
        needed = sum(job.record.size or 0 for job in jobs.values() if job.identity not in known)
        free = self._options.free_bytes(self._root)
        if free < _RESERVE_BYTES + needed:
            raise OutputError(
                f"{self._root} has {size_text(free)} of room, and these files take {size_text(needed)} or more.",
                advice=f"Choose another disk, or fewer files; {size_text(_RESERVE_BYTES)} stay free. Nothing was sent.",
            )

    def _fetch_all(
        self, jobs: list[FileEntry], outcomes: dict[str, FileOutcome], pool: Callable[..., Pool]
    ) -> BaseException | None:
        """Do all jobs; return what ended it early, after what was whole by then has its name."""
        interrupt, failure = DeferredInterrupt(), None
        self._pool = pool(work=self._work, observer=self._progress, check_interrupt=interrupt.raise_pending)
        try:
            with interrupt:
                for job in jobs:
                    self._pool.submit(job)
                for _ in jobs:
                    job, result = self._pool.next_result()
                    if isinstance(result, BaseException):
                        raise result
                    outcomes[job.identity] = result
                    self._progress.target_done()
            interrupt.raise_pending()
        except (ProcoreError, KeyboardInterrupt, Cancelled) as error:
            failure = error
        finally:
            self._pool.close()
            for job, result in self._pool.drain():
                if isinstance(result, FileOutcome):
                    outcomes[job.identity] = result
            self._manifest.close()
            self._progress.close(complete=failure is None)
        return failure

    def _work(self, job: FileEntry) -> FileOutcome:
        """The outcome of one file; called in a thread. What concerns more than this file is an error."""
        try:
            present = self._present(job)
            if present is not None:
                return present
            if self._disk_full or not job.record.address:
                return FileOutcome("failed", _DISK_FULL if job.record.address else _UNAVAILABLE)
            with PartFile(self._part_of(job)) as part:
                part.resume()
                self._fetch(job, part)
                return self._keep(job, part)
        except _Skip as error:
            return FileOutcome("skipped", error.message)
        except CredentialsError:
            raise
        except ProcoreError as error:
            if isinstance(error, RateLimitError) and error.status is None:
                raise  # the limiter's own: every further file would end so
            advice = error.advice if "allow_hosts" in error.advice else ""
            return FileOutcome("failed", f"{error.message} {advice}".strip())
        except OSError as error:
            self._disk_full = self._disk_full or error.errno in (errno.ENOSPC, errno.EDQUOT)
            refusal = f"It cannot be written: {error.strerror or error}."
            return FileOutcome("failed", _DISK_FULL if self._disk_full else refusal)

    def _present(self, job: FileEntry) -> FileOutcome | None:
        """Return the outcome for a file that is there, or whose writer was ended just before it got its name."""
        entry = self._manifest.entries.get(job.identity)
        if entry is None or self._options.overwrite:
            return None
        path, part = self._root / entry.path, self._part_of(entry)
        present = FileOutcome("present", None, str(path), entry.bytes, entry.sha256)
        if digest_of(path, entry.bytes) == entry.sha256:
            return present
        if not os.path.lexists(path) and digest_of(part, entry.bytes) == entry.sha256:
            self._make_folder_of(path)
            PartFile(part).finish(path)
            return replace(present, status="saved")
        return None

    def _fetch(self, job: FileEntry, part: PartFile) -> None:
        """Fetch until the file is whole; an address that expired is looked up once."""
        deadline = self._options.clock() + self._options.file_seconds
        address, looked_up, failures, size = str(job.record.address), False, 0, part.size
        while True:
            try:
                return self._attempt(address, job, part, deadline)
            except ProcoreError as error:
                if error.status in _EXPIRED_STATUS and not looked_up:
                    looked_up = True
                    try:
                        address = self._lookup(job.record) or address
                    except (ArgumentError, CatalogError, AccessError, NotFoundError):
                        raise error from None  # the error of the file's own host is nearer to the cause
                    continue
                if part.size > size:  # retries are counted anew while the file grows
                    failures, size = 0, part.size
                failures += 1
                if self._options.clock() >= deadline:
                    raise
                self._pool.pause_before_retry(error, failures)

    def _attempt(self, address: str, job: FileEntry, part: PartFile, deadline: float) -> None:
        with self._pool.open_file(address, part.headers(), job.record.company_id) as response:
            host = f"{response.to.host} ({self._environment})"
            if response.status == 416 or (response.status in (200, 206) and not part.begin(response)):
                part.reset()
                raise NetworkError(f"{host} sent another part of the file than the one requested.")
            error = response.error()
            if error is not None:
                raise error
            self._check_length(part, response.length is not None)
            for piece in response.pieces():
                if not part.size and _is_page(piece, response.headers, job.record):
                    part.reset()
                    raise IncompleteError(
                        f"{host} sent a web page (HTML), perhaps a login page, in place of the file."
                    )
                part.write(piece)
                self._progress.bytes_received(len(piece))
                if self._pool.stopped:
                    raise NetworkError("The download was stopped.", retryable=False)
                if self._options.clock() >= deadline:
                    limit = self._options.file_seconds
                    raise NetworkError(
                        f"{host} did not send the whole file within {limit:,.0f} s.", retryable=False
                    )
                self._check_length(part, response.length is not None)
            if not part.complete:
                raise IncompleteError(f"{host} sent {part.size:,} of {part.total:,} bytes.", retryable=True)

    def _check_length(self, part: PartFile, announced: bool) -> None:
        """Raise where the file is, or is going to be, larger than it may be, or than the disk can take."""
        size, max_bytes = max(part.size, part.total or 0), self._options.max_bytes
        if max_bytes is not None and size > max_bytes:
            part.reset()
            raise _Skip(f"It has {'' if announced else 'more than '}{size_text(size)}, more than max_bytes.")
        if not announced and max_bytes is None and size > self._options.unannounced_bytes:
            part.reset()
            raise IncompleteError(
                f"No length was announced, and {size_text(size)} came without an end.",
                advice="Pass max_bytes=….",
            )
        free = self._options.free_bytes(self._root)
        if free < _RESERVE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if free < _RESERVE_BYTES + size - part.size:  # the others may have room, or this length is not true
            raise IncompleteError(f"It has {size_text(size)}, and the disk has {size_text(free)} of room.")

    def _keep(self, job: FileEntry, part: PartFile) -> FileOutcome:
        """Give a whole file its name; the manifest knows it first."""
        size, digest = part.size, part.sha256
        with self._naming:
            path = self._free_path(job, size, digest)
            target = self._root / path
            self._make_folder_of(target)
            self._manifest.add(replace(job, path=path, bytes=size, sha256=digest))
            part.finish(target)
        expected = job.record.size
        note = f"The record says {expected:,} bytes." if expected is not None and expected != size else None
        return FileOutcome("saved", note, str(target), size, digest)

    def _free_path(self, job: FileEntry, size: int, digest: str) -> str:
        """Return the path for the file: what somebody else put there, or changed since, is not replaced."""
        path, entry = job.path, self._manifest.entries.get(job.identity)
        while os.path.lexists(self._root / path):
            replaceable = self._options.overwrite and entry is not None and entry.path == path
            if replaceable or digest_of(self._root / path, size) == digest:
                break
            path = self._names.other(path, job.identity)
        return path

    def _make_folder_of(self, target: Path) -> None:
        """Make the folder of a file, inside ours also where a link in it leads elsewhere."""
        # realpath, as resolve() of Python before 3.13 ends with a RuntimeError at a link to itself.
        parent, root = (Path(os.path.realpath(path)) for path in (target.parent, self._root))
        if not is_inside(target.relative_to(self._root).as_posix()) or not parent.is_relative_to(root):
            raise OSError(errno.EPERM, "a link leads out of the folder")
        target.parent.mkdir(parents=True, exist_ok=True)

    def _part_of(self, job: FileEntry) -> Path:
        return self._parts / f"{job.identity}.part"

    def _stopped(self, failure: BaseException, frame: pd.DataFrame, jobs: int) -> ProcoreError:
        whole = int(frame["status"].isin(["saved", "present"]).sum())
        advice = (
            f"{whole:,} of {jobs:,} files are whole: error.partial. Run it again, and it goes on from there."
        )
        if isinstance(failure, ProcoreError):
            failure.partial, failure.advice = frame, f"{failure.advice} {advice}".strip()
            return failure
        return IncompleteError(f"The download into {self._root} was stopped.", advice=advice, partial=frame)


def _is_page(piece: bytes, headers: Any, record: FileRecord) -> bool:
    """Return whether a web page comes where another file was announced."""
    if "html" in str(record.content_type or "") or _HTML_NAME.search(record.name):
        return False
    return "text/html" in headers.get("content-type", "").lower() or _HTML.match(piece) is not None


def _warn_of_failures(frame: pd.DataFrame, jobs: int) -> None:
    """One line with how many files did not come, and the most frequent reasons."""
    lacking = frame[(frame["status"] == "failed") | frame["reason"].str.contains("max_bytes", na=False)]
    if lacking.empty:
        return
    frequent = Counter(map(str, lacking["reason"])).most_common(3)
    reasons = "; ".join(f"{reason.rstrip('.')} ({count:,})" for reason, count in frequent)
    warn(
        f"{len(lacking):,} of {counted(jobs, 'file')} did not come: {reasons}. See the columns status and reason."
    )
