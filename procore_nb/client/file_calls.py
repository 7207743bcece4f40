"""Files of records: found in frames or lists, and downloaded into a folder.

In: frames, or names of lists. Out: frames of files, a folder. Speaks to the service through its session, and to the stores
that it redirects to, which never see the token.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from operator import attrgetter
from os import PathLike
from typing import Any, Literal, cast

import pandas as pd

from procore_nb.call_errors import explain_calls
from procore_nb.catalog.endpoint import RECORD_ID
from procore_nb.client.lookups import Lookups
from procore_nb.client.query import positive
from procore_nb.errors import AccessError, ArgumentError, CatalogError, NotFoundError
from procore_nb.fetch import fetch_json
from procore_nb.fetch.workers import TransferPool
from procore_nb.files import (
    KINDS,
    Downloader,
    DownloadOptions,
    FileRecord,
    declares_files,
    files_in_record,
    find_files,
    records_of,
)
from procore_nb.http.file_session import FileGuard, checked_hosts
from procore_nb.near_match import did_you_mean
from procore_nb.progress import Progress, TransferProgress
from procore_nb.scalars import is_many

_MOST_WORKERS = 32


class FileCalls(Lookups):
    """What a connection does with files."""

    @explain_calls()
    def files(
        self,
        source: str | pd.DataFrame,
        target: Any = None,
        /,
        *,
        records: bool | None = None,
        **arguments: Any,
    ) -> pd.DataFrame:
        """Return the files that records point to, one row a file: attachments, photos, drawings, documents.

        Parameters
        ----------
        source
            A frame of this connection, or the name of a list, which is fetched first.
        target, **arguments
            With a name: as for `table` (`projects="all"`, `since="2026-01-01"`).
        records
            Whether each record is read by itself, one request a record, for files that lists leave out, such as those of the
            answers of RFIs. None: for a name whose list has no files while its single records do.

        Returns
        -------
        DataFrame
            `list`, `record` (number and title), `project_name`, `kind`, `name`, `content_type`, `created_by`, `location`,
            `key` (where the address is in the record) and `address` (string); `record_id`, `project_id`, `company_id`,
            `file_id` (Int64, or string); `size` (Int64; bytes where Procore says so); `created_at`, `taken_at` (UTC);
            `latitude`, `longitude` (float64, degrees WGS 84) of photos. Empty: the records have no files.
            Kinds: attachment, photo, pdf, png, document, signature, specification, picture, thumbnail, tiles.

        Raises
        ------
        ArgumentError
            If a frame has no column with files; the error names lists that have some.
        ProcoreError
            As `table`, while a list is fetched.

        Notes
        -----
        Names of projects that the list leaves out take one request a company. Most addresses open for a limited time: download
        soon. `download` reads a record again where they are over. https://developers.procore.com/documentation/attachments

        Examples
        --------
        >>> procore = pnb.connect("demo", progress=False)
        >>> procore.files("drawing_revisions", 1204347)["kind"].iloc[0]
        'pdf'
        """
        if not isinstance(source, pd.DataFrame):
            frame = self._query(source, arguments, target).prepare().frame()
        elif arguments or target is not None:
            surplus = ", ".join(arguments) or "a target"
            raise ArgumentError(
                f"A frame was given; {surplus} is for names of lists.", advice="Leave it out."
            )
        else:
            frame = source
        about = frame.attrs.get("procore") or {}
        try:
            endpoint = self.catalogue.endpoint(about.get("endpoint", ""))
        except CatalogError:
            return find_files(frame)  # of somebody's own, or of a path
        in_list = declares_files(endpoint.fields, endpoint.name)
        in_record = bool(endpoint.record_path) and declares_files(endpoint.record.fields, endpoint.name)
        if records or (records is None and isinstance(source, str) and in_record and not in_list):
            progress = arguments.get("progress")
            files = find_files(self._single_records(endpoint.name, frame, progress), declared=True)
        else:
            files = find_files(frame, declared=in_list)
        return self._with_project_names(files) if about.get("environment") == self.environment.name else files

    @explain_calls()
    def download(
        self,
        files: pd.DataFrame,
        folder: str | PathLike[str],
        /,
        *,
        kind: str | Iterable[str] | None = None,
        workers: int = 4,
        max_bytes: int | None = None,
        overwrite: bool = False,
        names: Literal["show", "hide"] = "show",
        allow_hosts: str | Iterable[str] | None = None,
        file_timeout_seconds: float = 3600.0,
        progress: bool | None = None,
    ) -> pd.DataFrame:
        """Download files into a folder, by project, list and record, and return what became of each.

        Parameters
        ----------
        files
            A frame of `files`, whole or chosen from.
        folder
            Made if it is not there. A manifest in it (`manifest.jsonl`) names the record of each file.
        kind, max_bytes
            Files of other kinds than this (or these), and larger ones, are skipped.
        workers
            How many files are under way at once.
        overwrite
            True fetches also what is there already. Files that are not of a download stay in any case.
        names
            `"hide"` uses ids in the place of names of projects, records and files, also in the manifest.
        allow_hosts
            Hosts that addresses in records may point to beside those of the environment, `"*.example.com"` for all below;
            they are fetched from without token. Without it such files fail.
        file_timeout_seconds
            Longest time for one file, however steadily its bytes come.
        progress
            False keeps quiet. None: as the connection does.

        Returns
        -------
        DataFrame
            The frame given, with `path` and `sha256` (string), `bytes` (Int64), `status` (string: saved, present, skipped or
            failed) and `reason` (string). One warning counts what did not come.

        Raises
        ------
        ArgumentError
            If the frame is none of `files`, or of another environment, or there is no such kind.
        OutputError
            If the folder cannot be written or has too little room; nothing was sent.
        CredentialsError, RateLimitError
            If no file can come; `partial` is the frame.
        IncompleteError
            If it was stopped. What is whole stays; run again, it goes on: present files are recognised by size and digest,
            half ones resumed where the host offers it.

        Notes
        -----
        The token goes to the environment's own hosts over https, and along no redirect to another host. No cookie is kept.

        Examples
        --------
        >>> procore = pnb.connect("demo", progress=False)
        >>> drawings = procore.files("drawing_revisions", 1204347)
        >>> procore.download(drawings.head(2), "drawings")["status"].tolist()
        ['saved', 'saved']
        """
        records_of(files)
        about = files.attrs.get("procore") or {}
        if about.get("environment") not in (None, self.environment.name):
            raise ArgumentError(
                f"These files are of {about['environment']}, and this connection is to {self.environment.name}.",
                advice="Download them with the connection that found them.",
            )
        if names not in ("show", "hide"):
            raise ArgumentError(f'names is "show" or "hide", not {names!r}.')
        kinds = [str(each) for each in (kind if is_many(kind) else [kind])] if kind is not None else []
        _check_kinds(kinds, files)
        options = DownloadOptions(
            kinds=None if kind is None else tuple(kinds),
            max_bytes=None if max_bytes is None else positive(max_bytes, "max_bytes"),
            overwrite=overwrite,
            hide=names == "hide",
            unannounced_bytes=self.session.limits.most_bytes,
            file_seconds=float(file_timeout_seconds),
        )
        pool = partial(
            TransferPool,
            self.session,
            replace(self.policy, workers=min(positive(workers, "workers"), _MOST_WORKERS)),
            guard=FileGuard(self.environment, checked_hosts(allow_hosts)),
            total_seconds=options.file_seconds,
        )
        show = self.progress if progress is None else progress
        files = files if options.hide else self._with_project_names(files)
        downloader = Downloader(folder, self.environment.name, options, RecordLookup(self).address)
        return downloader.run(
            files,
            pool,
            lambda count, size: TransferProgress("files", targets=count, expected=size, show=show),
        )

    def _single_records(self, name: str, frame: pd.DataFrame, progress: Any) -> pd.DataFrame:
        if "id" not in frame.columns:
            raise ArgumentError(f"{name} has no ids: its records cannot be read one by one.")
        if "attachments_count" in frame.columns:
            frame = frame[frame["attachments_count"].ne(0).fillna(True)]
        if frame.empty:
            return frame
        columns = frame.columns.intersection(["id", "project_id"])
        about = frame.attrs.get("procore") or {}
        arguments: dict[str, Any] = {"parent": frame[columns], "progress": progress, "on_error": "raise"}
        if "project_id" not in columns:
            arguments["project_id"] = (about.get("arguments") or {}).get("project_id")
        if isinstance(about.get("company_id"), int):
            arguments["company_id"] = about["company_id"]
        records = self._query(name, arguments, None, record=True).prepare().frame()
        if {"project_id", "project_name"} <= {*frame.columns} and "project_id" in records.columns:
            known = dict(zip(frame["project_id"].tolist(), frame["project_name"].tolist(), strict=True))
            records["project_name"] = names_by_id(records["project_id"], known)
        return records

    def _with_project_names(self, files: pd.DataFrame) -> pd.DataFrame:
        """Return the frame with the names of its projects, which a list of one project lacks: one request a company."""
        lacking = files["project_name"].isna() & files["project_id"].notna()
        if not lacking.any():
            return files
        known: dict[Any, Any] = {}
        for company in files.loc[lacking, "company_id"].dropna().unique().tolist() or [None]:
            with suppress(AccessError, NotFoundError):  # ids stand for them
                named = {"status": "All", "view": "compact", "company_id": company, "progress": False}
                projects = self.fetch_projects(**named)
                known |= projects.set_index("id")["name"].to_dict()
        names = names_by_id(files["project_id"], known)
        return files.assign(project_name=files["project_name"].fillna(names))


def names_by_id(ids: pd.Series[Any], known: Mapping[Any, str]) -> pd.Series[Any]:
    # Not ids.map: pandas 2.2 makes floats of Int64 with a missing value, and ids beyond 2**53 get a neighbour's name.
    return pd.Series([known.get(number) for number in ids.tolist()], ids.index, "string")


def _check_kinds(kinds: Iterable[str], files: pd.DataFrame) -> None:
    """Refuse a kind that files never have; one that these do not have is no mistake."""
    present = sorted(files["kind"].dropna().astype(str).unique())
    for kind in kinds:
        if kind not in {*KINDS, *present}:
            raise ArgumentError(
                f"kind={kind!r}: there is no such kind of files.",
                advice=f"{did_you_mean(kind, present, count=1) or did_you_mean(kind, KINDS, count=1)}"
                f"Kinds in this frame: {', '.join(present) or 'none, it has no files'}.",
            )


class RecordLookup:
    """Reads records again, each once for all of its files, for addresses that expired."""

    def __init__(self, calls: FileCalls) -> None:
        self._calls = calls
        self._lock = threading.Lock()
        self._files: dict[tuple[Any, ...], list[FileRecord]] = {}  # by company, list, project and record
        self._locks: dict[tuple[Any, ...], threading.Lock] = {}  # two threads must not read one record twice

    def address(self, file: FileRecord) -> str | None:
        """Return the address that a file has now; None where its record, which is read for it, does not have it or is not known."""
        if file.record_id is None or not file.list:
            return None
        key = (file.company_id, file.list, file.project_id, file.record_id)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._files:
                self._files[key] = self._read(file)
        of_kind = [each for each in self._files[key] if each.kind == file.kind]
        for identity in (
            lambda each: (each.key, str(each.file_id)),
            lambda each: str(each.file_id),
            attrgetter("name"),
        ):
            same = [each for each in of_kind if identity(each) == identity(file)]
            if len(same) == 1:
                return cast("str | None", same[0].address)
        return None

    def _read(self, file: FileRecord) -> list[FileRecord]:
        arguments: dict[str, Any] = {RECORD_ID: str(file.record_id), "company_id": file.company_id}
        arguments["progress"] = lambda *_: Progress("", show=False)  # and no warnings
        endpoint = self._calls.catalogue.endpoint(file.list)
        if "project_id" in endpoint.record.needed:
            arguments["project_id"] = file.project_id
        fetch = self._calls._query(file.list, arguments, None, record=True).prepare()
        policy = replace(self._calls.policy, cache=None)
        record = fetch_json(self._calls.session, fetch.requests[0], policy=policy)
        if isinstance(record, dict) and isinstance(record.get("data"), dict):
            record = record["data"]
        return files_in_record(record, file.list) if isinstance(record, dict) else []
