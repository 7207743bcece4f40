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
    figures = _figures(then.summary, now.summary, ("project_id", "project_name", "currency"))
    found = []
    if len(rows):
        counts = {str(one): number for one, number in rows["change"].value_counts().items()}
        first = [one for one in ("new", "closed", "slipped", "no longer there") if one in counts]
        late = rows.loc[rows["change"].eq("slipped"), "days"].max()
        worst = "" if is_missing(late) else f" (the most by {int(late):,} days)"
        order = [*first, *sorted({*counts} - {*first})]
        parts = [f"{counts[one]:,} {one}{worst if one == 'slipped' else ''}" for one in order]
        found.append(f"Since {day:%Y-%m-%d}: {', '.join(parts)}.")
    for key, part in total.groupby("of", sort=False):
        moved = [
            f"{label(one['figure'])} {number_text(one['then'])} → {number_text(one['now'])}"
            for one in part.head(_MOST).to_dict("records")
        ]
        of, more = f", {key!s}" if str(key) else "", " …" if len(part) > _MOST else ""
        found.append(f"Since {day:%Y-%m-%d}{of}: {'; '.join(moved)}{more}.")
    money = rows[rows["change"].eq("amount moved")]
    for (column, currency), part in money.groupby(["column", "currency"], dropna=False, sort=True):
        text = money_text(cents(part["moved"].sum()), currency)
        found.append(f"Money moved in {counted(len(part), 'row')}: {label(column)} {text} in all.")
    found = found or [f"Since {day:%Y-%m-%d} nothing changed in this report."]
    return {"since_rows": rows, "since_figures": figures}, found


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
    old, new = both
    order = {str(name): at for at, name in enumerate(() if now is None else now.columns)}
    changed = [one for one in {*old, *new} if old.get(one) != new.get(one)]
    records = [
        {"of": of, **kept[of], "figure": name, "then": old.get((of, name)), "now": new.get((of, name))}
        for of, name in sorted(changed, key=lambda one: (one[0], order.get(one[1], len(order))))
    ]
    found = figures_frame(records, ["of", *keys, "figure", "then", "now"])
    return found.assign(moved=(found["now"] - found["then"]).astype("float64").map(cents))


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
            records.append(_change(row, "closed" if ended else "another state", state, before))
        for name, word in _DAYS.items():
            if _both(before, row, name) and before[name] != row[name]:
                days = (pd.Timestamp(row[name]) - pd.Timestamp(before[name])).days
                records.append(
                    _change(row, word if days > 0 else "brought forward", name, before) | {"days": days}
                )
        for name in _MONEY:
            if _both(before, row, name) and (moved := cents(row[name] - before[name])):
                records.append(_change(row, "amount moved", name, before) | {"moved": moved})
    records += [_change(row, "no longer there") for key, row in old.items() if key not in new]
    found = figures_frame(records, _COLUMNS).reindex(columns=_COLUMNS)
    return found.sort_values(["change", "project_name"], kind="stable", ignore_index=True)


def _both(before: dict[str, Any], row: dict[str, Any], name: str) -> bool:
    return not is_missing(before.get(name)) and not is_missing(row.get(name))


def _keyed(rows: pd.DataFrame) -> dict[Any, dict[Any, Any]]:
    """Return the rows by what tells them apart; rows without a name of their own, such as log entries, are not compared."""
    names = ["project_id", *(one for one in _KEYS if one in rows.columns)]
    if rows.empty or "project_id" not in rows.columns:
        return {}
    if len(names) == 1 and rows["project_id"].duplicated().any():
        return {}
    if "id" in names:
        names = [one for one in names if one in ("project_id", "id", "side", "kind")]
    key = rows[names].astype("string").fillna("").agg("/".join, axis=1)
    return dict(zip(zip(key, key.groupby(key).cumcount(), strict=True), rows.to_dict("records"), strict=True))


def _change(
    row: dict[str, Any], change: str, column: str = "", before: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return what happened to a row; of a column, with its value before and now."""
    what = next((str(row[one]) for one in _NAMES if not is_missing(row.get(one))), "")
    then, now = (None, None) if before is None else (_text(before[column]), _text(row[column]))
    about = {one: row.get(one) for one in ("project_id", "project_name", "currency")}
    return {**about, "what": what, "change": change, "column": column, "then": then, "now": now}


def _text(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return number_text(value) if is_number else str(value)
