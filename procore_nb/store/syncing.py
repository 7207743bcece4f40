"""A sync: for each table, fetches what its plan says, stages the rows, and brings the table up to date.

In: a connection, lists and options. Out: the tables' next states, and a log of them. Speaks to the service through the
connection, and to the file system through `files`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
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
from procore_nb.store.manifest import Manifest, as_groups, by_place, folder_name, moment_of
from procore_nb.store.pii import personal_columns, without_personal
from procore_nb.store.report import SyncLog, result_frame
from procore_nb.store.scan import as_frame, joined, read_table, table_names
from procore_nb.store.snapshot import overtaken, present, recover
from procore_nb.store.staging import Staging, StagingPlan, extended
from procore_nb.store.strategy import Source, Targets
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
    """A number of days, minutes or seconds.

    ArgumentError if it is none: with an overlap below zero changes would fall between two syncs.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 1e6:
        raise ArgumentError(f"{name} is a number from 0 on, not {value!r}.")
    return float(value)


def sync_tables(
    files: Files,
    procore: Source,
    wanted: dict[str, dict[str, Any]],
    projects: Any,
    options: Options,
    *,
    skip: bool,
) -> pd.DataFrame:
    """Bring tables up to date, and before each those below which it is asked; for the holder of the store's lock.

    With `skip` a table that fails is named in the result.
    """
    logs: list[SyncLog] = []
    states = _States(files)
    finder = strategy.TargetNames(procore, projects, kept=states.rows)
    about = {"environment": procore.environment.name, "company_id": procore.company_id}
    above = strategy.lists_above(wanted, procore.catalogue) - wanted.keys()
    kept = states.arguments(above)
    as_kept = replace(options, history=None, drop_personal=None, safe_names=None)
    for name, arguments in strategy.with_parents(wanted, procore.catalogue, kept).items():
        endpoint, began = procore.catalogue.endpoint(name), time.monotonic()
        chosen = options if name in wanted else as_kept if name in kept else options
        log = SyncLog(folder_name(endpoint.name))
        logs.append(log)
        try:
            table = TableSync(
                files, procore, endpoint, dict(arguments), chosen, log, states.before(log.table)
            )
            table.run(partial(finder.find, endpoint, arguments))
            states.after[log.table] = table.manifest
        except ProcoreError as error:
            log.error = str(error)
            stopped = isinstance(error.__cause__, KeyboardInterrupt)
            if not skip or stopped or isinstance(error, OutputError):
                error.partial = result_frame(logs, about)
                raise
        except (OSError, pa.ArrowException) as error:
            raise damaged(files.address(log.table)) from error
        finally:
            log.seconds = round(time.monotonic() - began, 3)
    return result_frame(logs, about)


class _States:
    """The manifests of a store in one sync, each read once."""

    def __init__(self, files: Files) -> None:
        self._files, self._names = files, set(table_names(files))
        self._before: dict[str, Manifest | None] = {}
        self.after: dict[str, Manifest] = {}

    def before(self, table: str) -> Manifest | None:
        if table not in self._before:
            recover(self._files, table)
            self._before[table] = present(self._files, table)
        return self._before[table]

    def arguments(self, names: Iterable[str]) -> dict[str, dict[str, Any]]:
        """What tables are requested with; one that cannot be read comes up when it is its turn."""
        found = {}
        for name in self._names.intersection(names):
            with suppress(StoreError):
                found[name] = self.before(name)
        return {name: one.arguments for name, one in found.items() if one is not None}

    def rows(self, name: str) -> pd.DataFrame | None:
        """The rows of a table as they are now, or None if it is not kept."""
        manifest = self.after.get(name) or (self.before(name) if name in self._names else None)
        if manifest is None:
            return None
        try:
            rows = joined(self._files, name, manifest.parts, manifest)
        except (StoreError, pa.ArrowException):  # at a URL another sync may have replaced it since
            manifest, rows, _ = read_table(self._files, name, None, over=False)
        return as_frame(rows, manifest)


class TableSync:
    """Brings one table up to date. Its caller holds the store's lock."""

    def __init__(
        self,
        files: Files,
        procore: Source,
        endpoint: Endpoint,
        arguments: dict[str, Any],
        options: Options,
        log: SyncLog,
        before: Manifest | None,
    ) -> None:
        self._files, self._procore, self._endpoint = files, procore, endpoint
        self._arguments, self._options, self.log = arguments, options, log
        self._staging = Staging(files, log.table)
        self.manifest = before or Manifest(table=log.table, path=endpoint.path)

    def run(self, places: Callable[[], Targets]) -> None:
        """Fetch, stage, commit; continues where an earlier sync was interrupted, and is up to date like any other."""
        try:
            self._run(places)
        except StoreError as error:  # the other one may have taken away what this one has staged, too
            now = None if self._files.renames else present(self._files, self.log.table)
            if now is not None and now.version != self.manifest.version:
                raise overtaken(self._files, self.log.table) from error
            raise

    def _run(self, places: Callable[[], Targets]) -> None:
        began, plan = self._options.clock(), self._unfinished()
        self.log.resumed = plan is not None
        self._staging.repair()
        wanted, earlier = self._plan(*places()), self._staging.done("rows")
        if plan is None:
            self._staging.begin(wanted)
            return self._execute(wanted)
        plan = extended(plan, wanted, earlier)
        self._staging.keep(plan)
        self._execute(plan)
        return self._catch_up(places, earlier, began=began, age=began - moment_of(plan.started))

    def _catch_up(
        self, places: Callable[[], Targets], earlier: set[str], *, began: datetime, age: timedelta
    ) -> None:
        """Read again what an interrupted sync had staged: its rows are as old as that sync.

        Changes alone are cheap, so they are always read. Where a list can only be read in full, that would make the
        staged rows worthless: those of the last hour are taken as they are, and `synced_at` says from when they are.
        """
        found, names, _ = places()
        again = [place for place in found if place in earlier]
        if not age or not again:
            return
        stale = age > _STALE
        plan = self._plan(again, names, False, full=self._options.full and stale)
        if plan.mode == "full" and not stale:
            return
        # What was read since then need not be read again.
        plan = replace(plan, started=utc_text(began, microseconds=True))
        self._staging.begin(plan)
        self._execute(plan, catching_up=True)

    def _execute(self, plan: StagingPlan, *, catching_up: bool = False) -> None:
        log = self.log
        since = plan.window[0] if plan.window else min((one for one, _ in plan.groups if one), default="")
        if not catching_up:  # what catches up belongs to the sync before it
            log.mode, log.since, log.targets = plan.mode, since, len(plan.asked)
        self._fetch_rows(plan, catching_up=catching_up)
        places = [place for since, group in plan.groups if since for place in group]
        if plan.bin == "only":
            self._fetch("bin", plan, places, self._endpoint.name, {**plan.arguments, "deleted": "only"})
        elif plan.bin:
            self._fetch("bin", plan, places, plan.bin, {})
        before = replace(
            self.manifest,
            arguments=self._arguments,
            history=self._chosen("history"),
            drop_personal=plan.drop_personal,
            safe_names=self._chosen("safe_names"),
            names={**self.manifest.names, **plan.names},
            synced_at=plan.started,
            whole_at=plan.started if plan.mode == "full" else self.manifest.whole_at,
            last={
                "mode": log.mode,
                "day": self._procore.today().isoformat(),
                "requests": log.requests,
                "skipped": [one["target"] for one in log.skipped_targets],
            },
        )
        # Rows carry the server's time: where its clock is behind ours, changes since our start look older than that.
        seen = moment_of(plan.started) - timedelta(seconds=self._procore.seconds_behind)
        text = utc_text(seen, microseconds=True)
        self.manifest = Update(self._files, self._endpoint, before, plan, self._staging, seen=text).commit(
            log
        )
        with suppress(StoreError):  # the table is up to date, whatever becomes of the staged rows
            self._staging.clear(self.manifest)
        log.rows, log.synced_at = self.manifest.rows, plan.started

    def _unfinished(self) -> StagingPlan | None:
        """The plan of a sync that was interrupted, if it is still what is wanted: of its places, those nobody has read since."""
        for folder, plan in self._staging.plans():
            stale = plan.stale(self.manifest)
            same = plan.arguments == self._arguments and plan.drop_personal == self._chosen("drop_personal")
            same = same and (plan.mode == "full" or not self._options.full)
            current = plan.generation == self.manifest.generation
            if same and (current or (not self._files.renames and len(stale) < len(plan.asked))):
                self._staging.adopt(folder, () if current else stale)
                return replace(plan, generation=self.manifest.generation)
        return None

    def _chosen(self, name: str) -> bool:
        """How the table is to be kept: as wanted now, or as so far."""
        wanted, kept = getattr(self._options, name), getattr(self.manifest, name)
        return bool(kept if wanted is None else wanted)

    def _plan(
        self, places: list[str], names: dict[str, str], everywhere: bool, *, full: bool | None = None
    ) -> StagingPlan:
        options, manifest, drops = self._options, self.manifest, self._chosen("drop_personal")
        offers = strategy.strategy_for(self._endpoint, self._procore.catalogue)
        same = manifest.arguments == self._arguments and (drops or not manifest.drop_personal)
        known = by_place(manifest.since) if manifest.generation and same else {}
        mode = "full"
        if known and not (options.full if full is None else full):
            if offers.since and manifest.unique:
                mode = "incremental"
            elif manifest.columns.get(offers.day) in ("date", "time"):
                mode = "window"
        asked = dict.fromkeys(places, "")
        if mode != "full":
            asked |= {
                one: utc_text(moment_of(known[one]) - options.overlap) for one in places if one in known
            }
        window = strategy.window_of(manifest, self._procore.today(), options.window_days)
        return StagingPlan(
            table=manifest.table,
            generation=manifest.generation,
            mode=mode,
            started=utc_text(options.clock(), microseconds=True),
            groups=as_groups(asked),
            place=strategy.checked(self._endpoint, self._arguments),
            arguments=self._arguments,
            drop_personal=drops,
            scrub=drops and not manifest.drop_personal and manifest.generation > 0,
            window=window if mode == "window" else None,
            window_day=offers.day if mode == "window" else "",
            bin=offers.bin if mode == "incremental" and options.deletions else "",
            everywhere=everywhere,
            names=names,
            known=manifest.since,
        )

    def _fetch_rows(self, plan: StagingPlan, *, catching_up: bool) -> None:
        refusals: list[ProcoreError] = []
        for since, places in plan.groups:
            asked = strategy.query(
                self._endpoint, plan.arguments, mode=plan.mode, since=since, window=plan.window
            )
            refusals += self._fetch("rows", plan, places, self._endpoint.name, asked)
        if refusals and not catching_up and not self._staging.done("rows"):
            raise refusals[0]

    def _fetch(
        self, stage: str, plan: StagingPlan, wanted: Iterable[str], name: str, asked: dict[str, Any]
    ) -> list[ProcoreError]:
        """Ask places that have not answered yet, and keep what comes; returns the refusal if none of them answers."""
        done, begun = self._staging.done(stage), self._staging.begun(stage)
        places = [place for place in wanted if place not in done]
        if not places:
            return []
        attempts: dict[str, int] = {}
        parts: dict[str, int] = {}
        refusal: list[ProcoreError] = []
        # A store is exact, whatever the connection shows.
        asked = asked | strategy.asked_at(plan.place, places) | {"decimals": "exact"}
        at_once, progress = strategy.ROWS_AT_ONCE, self._options.progress
        try:
            coming = self._procore.fetch_frames(name, rows_at_once=at_once, progress=progress, **asked)
            for fetched in self._counted(coming):
                frame, info = fetched.frame, fetched.info
                frame.attrs.pop("procore")  # pandas copies attrs with every column it hands out
                place = strategy.place_text(info.target, plan.place)
                self.log.requests += info.requests
                # It moved and is walked again, or was cut short the last time.
                if attempts.setdefault(place, info.attempt) != info.attempt or place in begun - parts.keys():
                    self._staging.drop(stage, place)
                    attempts[place] = info.attempt
                parts[place] = parts.get(place, 0) + 1
                self._keep(stage, place, parts[place], frame, plan, info)
        except (AccessError, NotFoundError) as error:
            if error.status not in (403, 404) or parts:
                raise
            refusal = [error]
            self.log.requests += len(places)
        skipped = [place for place in places if place not in parts] if stage == "rows" else []
        self.log.skipped += len(skipped)
        self.log.skipped_targets += [{"table": self.log.table, "target": place} for place in skipped]
        return refusal

    def _counted(self, frames: Generator[FetchedFrame, None, int]) -> Iterator[FetchedFrame]:
        rest = yield from frames
        self.log.requests += rest

    def _keep(
        self, stage: str, place: str, number: int, frame: pd.DataFrame, plan: StagingPlan, info: FetchInfo
    ) -> None:
        kinds = logical_types(frame, self._endpoint)
        if plan.drop_personal:
            skipped = personal_columns(kinds)
            frame = frame.drop(columns=skipped)
            kinds = {name: kind for name, kind in kinds.items() if name not in set(skipped)}
            for name in (name for name, kind in kinds.items() if kind == "list"):
                frame[name] = [without_personal(value, name) for value in frame[name]]
        fields = {key: name for name, key in info.custom_fields.items() if name in kinds}
        name = "done" if info.done else f"{number:06d}"
        self._staging.put(stage, place, name, to_arrow(frame, kinds), kinds, fields)
