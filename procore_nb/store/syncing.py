"""One table, one sync: asks what its plan says, keeps what lands, and brings the table up to date.

In: a connection, an endpoint and options. Out: the table's next state, and an account of it. Speaks to the service through
the connection, and to the file system through `files`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd

from procore_nb.catalog import Endpoint
from procore_nb.errors import AccessError, NotFoundError, ProcoreError
from procore_nb.store import strategy
from procore_nb.store.arrow_columns import kinds_of, to_arrow
from procore_nb.store.files import Files
from procore_nb.store.manifest import Manifest, moment_of, moment_text
from procore_nb.store.pii import personal_columns, without_personal
from procore_nb.store.snapshot import present, recover
from procore_nb.store.staging import Staging, StagingPlan, extended
from procore_nb.store.strategy import Source, strategy_for
from procore_nb.store.sync_log import Options, SyncLog
from procore_nb.store.update import Counts, update

_STALE = timedelta(hours=1)


class TableSync:
    """Brings one table up to date. Its caller holds the store's lock."""

    def __init__(
        self, files: Files, endpoint: Endpoint, name: str, arguments: Mapping[str, Any], options: Options
    ) -> None:
        self._files = files
        self._endpoint = endpoint
        self._arguments = dict(arguments)
        self._options = options
        self._landing = Staging(files, name)
        self.account = SyncLog(name)
        recover(files, name)
        known = present(files, name)
        self.manifest = known or Manifest(table=name, path=endpoint.path)

    def run(self, procore: Source, places: Callable[[], tuple[list[str], dict[str, str], bool]]) -> SyncLog:
        """Ask, keep, bring up to date; goes on where an earlier sync was interrupted.

        `places` tells where the list is asked, what the places are called, and whether these are all there are.
        """
        plan = self._unfinished()
        self.account.resumed = plan is not None
        self._landing.mend()
        if plan is None:
            plan = self._plan(procore, *places())
            self._landing.begin(plan)
        else:
            plan = extended(plan, self._plan(procore, *places()), self._landing.done("rows"))
            self._landing.keep(plan)
        self._carry_out(procore, plan)
        stale = self._options.clock() - moment_of(plan.started) > _STALE
        if self.account.resumed and stale:
            plan = self._plan(procore, *places())
            self._landing.begin(plan)
            self._carry_out(procore, plan)
        return self.account

    def _carry_out(self, procore: Source, plan: StagingPlan) -> None:
        account = self.account
        account.way = plan.way
        account.since = (
            plan.window[0] if plan.window else min((since for since, _ in plan.groups if since), default="")
        )
        account.places = len(plan.places)
        self._ask_rows(procore, plan)
        self._ask_bin(procore, plan)
        drop = plan.drop_personal
        history = self.manifest.history if self._options.history is None else self._options.history
        before = replace(
            self.manifest,
            arguments=self._arguments,
            history=history,
            drop_personal=drop,
            names={**self.manifest.names, **plan.names},
            synced_at=plan.started,
            whole_at=plan.started if plan.way == "whole" else self.manifest.whole_at,
            last=self._about(procore, plan),
        )
        # Rows carry the server's time: where its clock is behind ours, changes since our start look older than that.
        seen = moment_of(plan.started) - timedelta(seconds=procore.seconds_behind)
        counts: Counts
        self.manifest, counts = update(
            self._files,
            self._endpoint,
            before,
            plan,
            self._landing,
            at=moment_of(plan.started),
            seen=moment_text(seen),
        )
        self._landing.clear()
        account.rows, account.synced_at = self.manifest.rows, plan.started
        account.new += counts.new
        account.changed += counts.changed
        account.deleted += counts.deleted

    def _unfinished(self) -> StagingPlan | None:
        """The plan of a sync that was interrupted, if it is still what is wanted."""
        plan, options = self._landing.plan(), self._options
        if plan is None or plan.generation != self.manifest.generation:
            return None
        same = plan.arguments == self._arguments and plan.drop_personal == self._drops()
        return plan if same and not (options.full and plan.way != "whole") else None

    def _drops(self) -> bool:
        wanted = self._options.drop_personal
        return self.manifest.drop_personal if wanted is None else wanted

    def _plan(
        self, procore: Source, places: list[str], names: dict[str, str], everywhere: bool
    ) -> StagingPlan:
        options, manifest, ways = self._options, self.manifest, strategy_for(self._endpoint)
        known = manifest if manifest.generation and manifest.arguments == self._arguments else None
        if known is not None and known.drop_personal and not self._drops():
            known = None
        way = "whole"
        if known is not None and not options.full and known.since:
            way = (
                "changed"
                if ways.since and known.unique
                else "window"
                if ways.day in known.columns
                else "whole"
            )
        days = (known is not None and strategy.window_of(known, procore.today(), options.window_days)) or None
        return StagingPlan(
            table=manifest.table,
            generation=manifest.generation,
            way=way,
            started=moment_text(options.clock()),
            groups=strategy.plan_groups(places, known, way=way, overlap=options.overlap),
            place=strategy.checked(self._endpoint, self._arguments),
            arguments=self._arguments,
            drop_personal=self._drops(),
            scrub=self._drops() and not manifest.drop_personal and manifest.generation > 0,
            window=days if way == "window" else None,
            window_day=ways.day if way == "window" else "",
            bin=ways.bin if way == "changed" and options.deletions else "",
            everywhere=everywhere,
            names=names,
        )

    def _ask_rows(self, procore: Source, plan: StagingPlan) -> None:
        refusals: list[ProcoreError] = []
        for since, places in plan.groups:
            waiting = self._waiting("rows", places)
            if not waiting:
                continue
            wanted = strategy.query(
                self._endpoint, plan.arguments, way=plan.way, since=since, window=plan.window
            )
            refusals += self._ask("rows", procore, plan, waiting, self._endpoint.name, wanted)
        if refusals and not self._landing.done("rows"):
            raise refusals[0]

    def _ask_bin(self, procore: Source, plan: StagingPlan) -> None:
        places = [place for since, group in plan.groups if since for place in group]
        waiting = self._waiting("bin", places) if plan.bin else []
        if not waiting:
            return
        name = self._endpoint.name if plan.bin == "only" else plan.bin
        wanted = {**plan.arguments, "deleted": "only"} if plan.bin == "only" else {}
        self._ask("bin", procore, plan, waiting, name, wanted)

    def _waiting(self, stage: str, places: Iterable[str]) -> list[str]:
        done = self._landing.done(stage)
        return [place for place in places if place not in done]

    def _ask(
        self,
        stage: str,
        procore: Source,
        plan: StagingPlan,
        places: list[str],
        name: str,
        wanted: dict[str, Any],
    ) -> list[ProcoreError]:
        """Ask some places and keep what comes; returns the refusal if none of them answered."""
        refusals: list[ProcoreError] = []
        attempts: dict[str, int] = {}
        parts: dict[str, int] = {}
        begun = self._landing.begun(stage)
        where = strategy.asked_at(plan.place, places)
        try:
            for frame in procore.frames(
                name, rows_at_once=strategy.ROWS_AT_ONCE, progress=self._options.progress, **where, **wanted
            ):
                about = frame.attrs.pop("procore")  # pandas copies attrs with every column it hands out
                place = strategy.place_text(about["target"], plan.place)
                self.account.requests += int(about["requests"])
                if (
                    attempts.setdefault(place, about["attempt"]) != about["attempt"]
                    or place in begun - parts.keys()
                ):
                    self._landing.drop(
                        stage, place
                    )  # it moved and is walked again, or was cut short the last time
                    attempts[place] = about["attempt"]
                parts[place] = parts.get(place, 0) + 1
                self._keep(stage, place, parts[place], frame, plan, about)
        except (AccessError, NotFoundError) as error:
            if error.status not in (403, 404) or parts:
                raise
            refusals.append(error)
            self.account.requests += len(places)
        self._leave_out(stage, [place for place in places if place not in parts])
        return refusals

    def _keep(
        self,
        stage: str,
        place: str,
        number: int,
        frame: pd.DataFrame,
        plan: StagingPlan,
        about: dict[str, Any],
    ) -> None:
        kinds = kinds_of(frame, self._endpoint)
        if plan.drop_personal:
            skipped = personal_columns(kinds)
            frame = frame.drop(columns=skipped)
            kinds = {name: kind for name, kind in kinds.items() if name not in set(skipped)}
            for name in (name for name, kind in kinds.items() if kind == "list"):
                frame[name] = [without_personal(value, name) for value in frame[name]]
        fields = {key: name for name, key in about.get("custom_fields", {}).items() if name in kinds}
        rows, done = to_arrow(frame, kinds), bool(about["done"])
        self._landing.put(stage, place, number, rows, kinds, fields=fields, done=done)

    def _leave_out(self, stage: str, places: list[str]) -> None:
        if stage == "rows":
            self.account.skipped += len(places)
            self.account.skipped_targets += [
                {"table": self.account.table, "target": place} for place in places
            ]

    def _about(self, procore: Source, plan: StagingPlan) -> dict[str, Any]:
        """What the last sync was, for `attrs` and the next window."""
        return {
            "way": plan.way,
            "day": procore.today().isoformat(),
            "requests": self.account.requests,
            "skipped": [one["target"] for one in self.account.skipped_targets],
        }
