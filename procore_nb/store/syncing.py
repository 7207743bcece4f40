"""A sync: for each table, fetches its plan's targets, stages the rows, and brings the table up to date.

In: a connection, lists and options. Out: the tables' next states, and a log of them. Speaks to the service through the
connection, and to the file system through `files`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from numbers import Real
from typing import Any

import pandas as pd
import pyarrow as pa

from procore_nb.catalog import Endpoint
from procore_nb.errors import AccessError, ArgumentError, NotFoundError, OutputError, ProcoreError, StoreError
from procore_nb.frame_info import FetchedFrame, FetchInfo
from procore_nb.frames.codec import logical_types, to_arrow
from procore_nb.scalars import utc_text
from procore_nb.store import strategy
from procore_nb.store.files import Files, damaged
from procore_nb.store.manifest import Manifest, by_moment, by_target, folder_name, moment_of
from procore_nb.store.pii import personal_columns, without_personal
from procore_nb.store.report import SyncLog, result_frame
from procore_nb.store.scan import as_frame, joined, read_table, table_names
from procore_nb.store.snapshot import commit_conflict, current_manifest, recover
from procore_nb.store.staging import Staging
from procore_nb.store.strategy import Source, SyncPlan, Targets
from procore_nb.store.update import Update

_STALE = timedelta(hours=1)


@dataclass(frozen=True)
class Options:
    """How a sync is meant; None leaves a table as it was kept so far."""

    full: bool
    history: bool | None
    drop_personal: bool | None
    safe_names: bool | None
    window_days: int
    overlap: timedelta
    deletions: bool
    progress: bool | None
    clock: Callable[[], datetime]


def not_negative(value: Any, name: str) -> float:
    """A number of days, minutes or seconds: with an overlap below zero changes would fall between two syncs."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 1e6:
        raise ArgumentError(f"{name} is a number from 0 on, not {value!r}.")
    return float(value)


def sync_tables(
    files: Files,
    procore: Source,
    lists: dict[str, dict[str, Any]],
    projects: Any,
    options: Options,
    *,
    skip: bool,
) -> pd.DataFrame:
    """Bring tables up to date, and before each those below which it is requested; for the holder of the store's lock.

    With `skip` a table that fails is named in the result.
    """
    logs: list[SyncLog] = []
    cache = _ManifestCache(files)
    finder = strategy.TargetFinder(procore, projects, stored_rows=cache.rows)
    facts = {"environment": procore.environment.name, "company_id": procore.company_id}
    as_kept = replace(options, history=None, drop_personal=None, safe_names=None)
    for name, arguments in strategy.with_parents(lists, procore.catalogue, cache.arguments).items():
        endpoint, began = procore.catalogue.endpoint(name), time.monotonic()
        chosen = options if name in lists or cache.arguments(name) is None else as_kept
        log = SyncLog(folder_name(endpoint.name))
        logs.append(log)
        try:
            before = cache.manifest(log.table) or Manifest(table=log.table, path=endpoint.path)
            sync = TableSync(files, procore, endpoint, dict(arguments), chosen, log, before)
            cache.manifests[log.table] = sync.run(partial(finder.find, endpoint, arguments))
        except ProcoreError as error:
            log.error = str(error)
            stopped = isinstance(error.__cause__, KeyboardInterrupt)
            if not skip or stopped or isinstance(error, OutputError):
                error.partial = result_frame(logs, facts)
                raise
        except (OSError, pa.ArrowException) as error:
            raise damaged(files.address(log.table)) from error
        finally:
            log.seconds = round(time.monotonic() - began, 3)
    return result_frame(logs, facts)


class _ManifestCache:
    """The manifests of a store in one sync, each read once."""

    def __init__(self, files: Files) -> None:
        self._files, self._names = files, set(table_names(files))
        self.manifests: dict[str, Manifest | None] = {}

    def manifest(self, table: str) -> Manifest | None:
        if table not in self.manifests:
            recover(self._files, table)
            self.manifests[table] = current_manifest(self._files, table)
        return self.manifests[table]

    def arguments(self, name: str) -> dict[str, Any] | None:
        """What a table is requested with; one that cannot be read comes up when it is its turn."""
        with suppress(StoreError):
            manifest = self.manifest(name) if name in self._names else None
            return None if manifest is None else manifest.arguments
        return None

    def rows(self, name: str) -> pd.DataFrame | None:
        """The rows of a table as they are now, or None if it is not kept."""
        manifest = self.manifest(name) if name in self._names | self.manifests.keys() else None
        if manifest is None:
            return None
        try:
            rows = joined(self._files, name, manifest.parts, manifest)
        except (StoreError, pa.ArrowException):  # at a URL another sync may have replaced it since
            manifest, rows, _ = read_table(self._files, name, None, with_ended=False)
        return as_frame(rows, manifest)


@dataclass
class TableSync:
    """Brings one table up to date. Its caller holds the store's lock."""

    files: Files
    procore: Source
    endpoint: Endpoint
    arguments: dict[str, Any]
    options: Options
    log: SyncLog
    manifest: Manifest

    def __post_init__(self) -> None:
        self.staging = Staging(self.files, self.log.table)

    def run(self, find_targets: Callable[[], Targets]) -> Manifest:
        """Fetch, stage, commit; continues where an earlier sync was interrupted, and is up to date like any other."""
        try:
            self._run(find_targets)
        except StoreError as error:  # the other one may have taken away what this one has staged, too
            now = None if self.files.renames else current_manifest(self.files, self.log.table)
            if now is not None and now.version != self.manifest.version:
                raise commit_conflict(self.files, self.log.table) from error
            raise
        return self.manifest

    def _run(self, find_targets: Callable[[], Targets]) -> None:
        began, unfinished = self.options.clock(), self._unfinished()
        self.log.resumed = unfinished is not None
        self.staging.repair()
        plan, staged = self._plan(*find_targets()), self.staging.done("rows")
        if unfinished is None:
            self.staging.begin(plan)
            return self._execute(plan)
        plan = unfinished.extended(plan, staged)
        self.staging.keep(plan)
        self._execute(plan)
        return self._catch_up(find_targets, staged, began=began, age=began - moment_of(plan.started))

    def _catch_up(
        self, find_targets: Callable[[], Targets], staged: set[str], *, began: datetime, age: timedelta
    ) -> None:
        """Read again what an interrupted sync had staged: its rows are as old as that sync.

        Changes alone are cheap, so they are always read. Where a list can only be read in full, that would make the
        staged rows worthless: those of the last hour are taken as they are, and `synced_at` says from when they are.
        """
        targets, names, _ = find_targets()
        again = [target for target in targets if target in staged]
        if not age or not again:
            return
        stale = age > _STALE
        plan = self._plan(again, names, False, full=self.options.full and stale)
        if plan.mode == "full" and not stale:
            return
        # What was read since then need not be read again.
        plan = replace(plan, started=utc_text(began, microseconds=True))
        self.staging.begin(plan)
        self._execute(plan, catching_up=True)

    def _execute(self, plan: SyncPlan, *, catching_up: bool = False) -> None:
        log = self.log
        if not catching_up:  # what catches up belongs to the sync before it
            log.mode, log.targets = plan.mode, len(plan.targets)
            log.since = plan.window[0] if plan.window else min(filter(None, plan.since), default="")
        refusals: list[ProcoreError] = []
        for since, targets in plan.since.items():
            arguments = strategy.query(self.endpoint, plan, since)
            refusals += self._fetch("rows", plan, targets, self.endpoint.name, arguments)
        if refusals and not catching_up and not self.staging.done("rows"):
            raise refusals[0]
        targets = [target for target, since in by_target(plan.since).items() if since]
        if plan.bin == "only":
            arguments = {**plan.arguments, "deleted": "only"}
            self._fetch("bin", plan, targets, self.endpoint.name, arguments)
        elif plan.bin:
            self._fetch("bin", plan, targets, plan.bin, {})
        before = replace(
            self.manifest,
            arguments=self.arguments,
            history=self._chosen("history"),
            drop_personal=plan.drop_personal,
            safe_names=self._chosen("safe_names"),
            names={**self.manifest.names, **plan.names},
            synced_at=plan.started,
            whole_at=plan.started if plan.mode == "full" else self.manifest.whole_at,
            last={
                "mode": log.mode,
                "day": self.procore.today().isoformat(),
                "requests": log.requests,
                "skipped": [skipped["target"] for skipped in log.skipped_targets],
            },
        )
        # Rows carry the server's time: where its clock is behind ours, changes since our start look older than that.
        seen = moment_of(plan.started) - timedelta(seconds=self.procore.seconds_behind)
        text = utc_text(seen, microseconds=True)
        update = Update(self.files, self.endpoint, before, plan, self.staging, seen=text)
        self.manifest = update.commit(log)
        with suppress(StoreError):  # the table is up to date, whatever becomes of the staged rows
            self.staging.clear(self.manifest)
        log.rows, log.synced_at = self.manifest.rows, plan.started

    def _unfinished(self) -> SyncPlan | None:
        """The plan of a sync that was interrupted, if it is still due: of its targets, those nobody has read since."""
        for folder, plan in self.staging.plans():
            stale = plan.stale(self.manifest)
            same = plan.arguments == self.arguments and plan.drop_personal == self._chosen("drop_personal")
            same = same and (plan.mode == "full" or not self.options.full)
            current = plan.generation == self.manifest.generation
            if same and (current or (not self.files.renames and len(stale) < len(plan.targets))):
                self.staging.adopt(folder, () if current else stale)
                return replace(plan, generation=self.manifest.generation)
        return None

    def _chosen(self, name: str) -> bool:
        """How the table is to be kept: as chosen now, or as so far."""
        chosen = getattr(self.options, name)
        return bool(getattr(self.manifest, name) if chosen is None else chosen)

    def _plan(
        self, targets: list[str], names: dict[str, str], everywhere: bool, *, full: bool | None = None
    ) -> SyncPlan:
        options, manifest, drops = self.options, self.manifest, self._chosen("drop_personal")
        offers = strategy.strategy_for(self.endpoint, self.procore.catalogue)
        same = manifest.arguments == self.arguments and (drops or not manifest.drop_personal)
        known = by_target(manifest.since) if manifest.generation and same else {}
        mode = "full"
        if known and not (options.full if full is None else full):
            if offers.incremental and manifest.unique:
                mode = "incremental"
            elif manifest.columns.get(offers.window_day) in ("date", "time"):
                mode = "window"
        moments = known if mode != "full" else {}
        since = {
            target: utc_text(moment_of(moments[target]) - options.overlap) if target in moments else ""
            for target in targets
        }
        window = strategy.window_of(manifest, self.procore.today(), options.window_days)
        return SyncPlan(
            generation=manifest.generation,
            mode=mode,
            started=utc_text(options.clock(), microseconds=True),
            since=by_moment(since),
            target_columns=strategy.target_columns(self.endpoint, self.arguments),
            arguments=self.arguments,
            drop_personal=drops,
            scrub=drops and not manifest.drop_personal and manifest.generation > 0,
            window=window if mode == "window" else None,
            window_day=offers.window_day if mode == "window" else "",
            bin=offers.bin if mode == "incremental" and options.deletions else "",
            everywhere=everywhere,
            names=names,
            known=manifest.since,
        )

    def _fetch(
        self, stage: str, plan: SyncPlan, targets: Iterable[str], name: str, arguments: Mapping[str, Any]
    ) -> list[ProcoreError]:
        """Fetch from targets that have not answered yet, and stage the rows; returns the refusal if none of them answers."""
        done, begun = self.staging.done(stage), self.staging.begun(stage)
        targets = [target for target in targets if target not in done]
        if not targets:
            return []
        attempts: dict[str, int] = {}
        frames: dict[str, int] = {}
        refusal: list[ProcoreError] = []
        arguments = {**arguments, **strategy.target_arguments(plan.target_columns, targets)}
        try:
            for fetched in self._fetched(name, arguments):
                info = fetched.info
                target = strategy.target_text(info.target, plan.target_columns)
                self.log.requests += info.requests
                # It moved and is read again, or was cut short the last time.
                if (
                    attempts.setdefault(target, info.attempt) != info.attempt
                    or target in begun - frames.keys()
                ):
                    self.staging.drop(stage, target)
                    attempts[target] = info.attempt
                frames[target] = frames.get(target, 0) + 1
                self._stage(stage, target, frames[target], fetched.frame, plan, info)
        except (AccessError, NotFoundError) as error:
            if error.status not in (403, 404) or frames:
                raise
            refusal = [error]
            self.log.requests += len(targets)
        skipped = [target for target in targets if target not in frames] if stage == "rows" else []
        self.log.skipped += len(skipped)
        self.log.skipped_targets += [{"table": self.log.table, "target": target} for target in skipped]
        return refusal

    def _fetched(self, name: str, arguments: dict[str, Any]) -> Generator[FetchedFrame, None, None]:
        at_once, progress = strategy.ROWS_AT_ONCE, self.options.progress
        arguments = arguments | {"decimals": "exact"}  # a store is exact, whatever the connection shows
        frames = self.procore.fetch_frames(name, rows_at_once=at_once, progress=progress, **arguments)
        requests_at_end = yield from frames
        self.log.requests += requests_at_end

    def _stage(
        self, stage: str, target: str, number: int, frame: pd.DataFrame, plan: SyncPlan, info: FetchInfo
    ) -> None:
        frame.attrs.pop("procore")  # pandas copies attrs with every column it hands out
        types = logical_types(frame, self.endpoint)
        if plan.drop_personal:
            personal = personal_columns(types)
            frame = frame.drop(columns=personal)
            types = {name: logical for name, logical in types.items() if name not in set(personal)}
            for name in (name for name, logical in types.items() if logical == "list"):
                frame[name] = [without_personal(value, name) for value in frame[name]]
        fields = {key: name for name, key in info.custom_fields.items() if name in types}
        name = "done" if info.done else f"{number:06d}"
        self.staging.write(stage, target, name, to_arrow(frame, types), types, fields)
