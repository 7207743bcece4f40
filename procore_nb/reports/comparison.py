"""What changed since a day: figures then and now, rows that are new, closed, later or of another amount.

In: one report as of a day and as of now, and the rows a store names as changed. Out: tables `since_*` and findings. Speaks to
no service.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.progress import counted
from procore_nb.reports.days import as_day
from procore_nb.reports.measures import cents, figures_frame, label, money_text, number_text, words
from procore_nb.reports.result import Answer
from procore_nb.scalars import is_missing

_KEYS = ("id", "vendor_id", "insurance_type", "cost_code", "category", "side", "kind", "currency")
_NAMES = ("subject", "title", "name", "vendor", "cost_code", "project_name")
_STATES = ("class", "state", "status", "done")
_ENDED = ("closed", "done", "true")
_DAYS = {"due_date": "slipped", "required_on_site_date": "slipped", "finish": "slipped", "expiration_date": "renewed"}  # fmt: skip
_MONEY = ("amount", "estimate_at_completion", "committed", "contract", "billed", "due", "unpaid")
_COLUMNS = words("project_id project_name what change column then now days moved currency")
_MOST = 5  # figures in one sentence


def since_day(value: Any, today: pd.Timestamp) -> pd.Timestamp:
    """Return the day that `since` names: a date, or `last Monday`, the latest one before today."""
    day = as_day(value, "since", today=today)
    if day >= today:
        raise ArgumentError(
            f"since is a day before the day of the report, {today:%Y-%m-%d}; {day:%Y-%m-%d} is not."
        )
    return day


def compared(then: Answer, now: Answer, day: pd.Timestamp) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Return what changed between two answers to one question: tables, and findings that name their numbers."""
    rows = _rows(then.rows, now.rows)
    total = _figures(then.tables.get("total"), now.tables.get("total"), ("currency", "gauge"))
    tables = {
        "since_rows": rows,
        "since_figures": _figures(then.summary, now.summary, ("project_id", "project_name", "currency")),
    }
    found = []
    if len(rows):
        counts = rows["change"].value_counts()
        order = [one for one in ("new", "closed", "slipped", "no longer there") if one in counts.index]
        order += sorted(set(counts.index) - set(order))
        late = rows.loc[rows["change"].eq("slipped"), "days"].max()
        worst = "" if is_missing(late) else f" (the most by {int(late):,} days)"
        parts = [f"{counts[one]:,} {one}{worst if one == 'slipped' else ''}" for one in order]
        found.append(f"Since {day:%Y-%m-%d}: {', '.join(parts)}.")
    for key, part in total.groupby("of", sort=False):
        of = f", {key!s}" if str(key) else ""
        moved = [
            f"{label(one['figure'])} {number_text(one['then'])} → {number_text(one['now'])}"
            for _, one in part.head(_MOST).iterrows()
        ]
        found.append(f"Since {day:%Y-%m-%d}{of}: {'; '.join(moved)}{' …' if len(part) > _MOST else ''}.")  # fmt: skip
    money = rows[rows["change"].eq("amount moved")]
    for (column, currency), part in money.groupby(["column", "currency"], dropna=False, sort=True):
        text = money_text(cents(part["moved"].sum()), currency)
        found.append(
            f"Money moved in {counted(len(part), 'row')}: {str(column).replace('_', ' ')} {text} in all."
        )
    return tables, found or [f"Since {day:%Y-%m-%d} nothing changed in this report."]


def _figures(then: pd.DataFrame | None, now: pd.DataFrame | None, keys: Sequence[str]) -> pd.DataFrame:
    """Return one row for each figure that is another now: `of` (its keys), figure, then, now, moved."""
    both: list[dict[tuple[str, str], Any]] = [{}, {}]
    kept: dict[str, dict[str, Any]] = {}
    for frame, values in zip((then, now), both, strict=True):
        for record in [] if frame is None else frame.to_dict("records"):
            known = {one: record[one] for one in keys if one in record}
            of = " / ".join(str(one) for one in known.values() if not is_missing(one))
            kept[of] = known
            for name in record.keys() - known.keys():
                if isinstance(record[name], int | float) and not is_missing(record[name]):
                    values[of, str(name)] = record[name]
    order = {str(name): at for at, name in enumerate(() if now is None else now.columns)}
    records = []
    for of, name in sorted({*both[0], *both[1]}, key=lambda one: (one[0], order.get(one[1], len(order)))):
        old, new = (one.get((of, name)) for one in both)
        if old != new:
            moved = None if old is None or new is None else cents(new - old)
            records.append({"of": of, **kept[of], "figure": name, "then": old, "now": new, "moved": moved})
    return figures_frame(records, ["of", *keys, "figure", "then", "now", "moved"])


def _rows(then: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each thing that happened to a row: new, closed, a later day, another amount."""
    old, new = _keyed(then), _keyed(now)
    state = next((one for one in _STATES if one in then.columns and one in now.columns), None)
    records = []
    for key, row in new.items():
        before = old.get(key)
        if before is None:
            records.append(_change(row, "new"))
            continue
        if state and str(before[state]) != str(row[state]):
            ended = str(row[state]).lower() in _ENDED
            records.append(_change(row, "closed" if ended else "another state", state, before, row))
        for name, word in _DAYS.items():
            first, last = _pair(before, row, name)
            if first != last:
                days = (pd.Timestamp(last) - pd.Timestamp(first)).days
                records.append(_change(row, word if days > 0 else "brought forward", name, before, row) | {"days": days})  # fmt: skip
        for name in _MONEY:
            first, last = _pair(before, row, name)
            if cents(last - first):
                records.append(_change(row, "amount moved", name, before, row) | {"moved": cents(last - first)})  # fmt: skip
    records += [_change(row, "no longer there") for key, row in old.items() if key not in new]
    found = figures_frame(records, _COLUMNS).reindex(columns=_COLUMNS)
    return found.sort_values(["change", "project_name"], kind="stable", ignore_index=True)


def _pair(before: dict[str, Any], row: dict[str, Any], name: str) -> tuple[Any, Any]:
    """Return both values of a column; twice nothing where one is not known."""
    both = before.get(name), row.get(name)
    return (0, 0) if any(map(is_missing, both)) else both


def _keyed(rows: pd.DataFrame) -> dict[Any, dict[Any, Any]]:
    names = ["project_id", *(one for one in _KEYS if one in rows.columns)]
    if (
        rows.empty
        or "project_id" not in rows.columns
        or (len(names) == 1 and rows["project_id"].duplicated().any())
    ):
        return {}  # rows without a name of their own, such as log entries: only their figures are compared
    if "id" in names:
        names = [one for one in names if one in ("project_id", "id", "side", "kind")]
    key = rows[names].astype("string").fillna("").agg("/".join, axis=1)
    return dict(zip(zip(key, key.groupby(key).cumcount(), strict=True), rows.to_dict("records"), strict=True))


def _change(
    row: dict[str, Any], change: str, column: str = "", then: dict[str, Any] | None = None, now: dict[str, Any] | None = None
) -> dict[str, Any]:  # fmt: skip
    what = next((str(row[one]) for one in _NAMES if not is_missing(row.get(one))), "")
    values = {name: _text(one[column]) if one else None for name, one in (("then", then), ("now", now))}
    about = {one: row.get(one) for one in ("project_id", "project_name", "currency")}
    return {**about, "what": what, "change": change, "column": column, **values}


def _text(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return (
        number_text(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    )
