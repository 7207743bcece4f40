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
from procore_nb.reports.measures import cents, figures_frame, label, money_text, number_text, words
from procore_nb.reports.result import Analysis
from procore_nb.reports.typed_columns import as_day
from procore_nb.scalars import is_missing

_KEYS = words("id vendor_id insurance_type cost_code category side kind currency")
_NAMES = words("subject title name vendor cost_code project_name")
_STATES = words("class state status done")
_ENDED = ("closed", "done", "true")
_DAYS = dict.fromkeys(words("due_date required_on_site_date finish"), "slipped") | {
    "expiration_date": "renewed"
}
_MONEY = words("amount estimate_at_completion committed contract billed due unpaid")
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


def compared(then: Analysis, now: Analysis, day: pd.Timestamp) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Return what changed between two answers to one question: tables, and findings that name their numbers."""
    rows = _changed_rows(then.rows, now.rows)
    total = _changed_figures(then.tables.get("total"), now.tables.get("total"), ("currency", "gauge"))
    figures = _changed_figures(then.summary, now.summary, ("project_id", "project_name", "currency"))
    since, findings = f"Since {day:%Y-%m-%d}", []
    if len(rows):
        counts = {str(change): number for change, number in rows["change"].value_counts().items()}
        first = [change for change in ("new", "closed", "slipped", "no longer there") if change in counts]
        late = rows.loc[rows["change"].eq("slipped"), "days"].max()
        worst = "" if is_missing(late) else f" (the most by {int(late):,} days)"
        order = [*first, *sorted({*counts} - {*first})]
        parts = [f"{counts[name]:,} {name}{worst if name == 'slipped' else ''}" for name in order]
        findings.append(f"{since}: {', '.join(parts)}.")
    for key, part in total.groupby("of", sort=False):
        moved = [
            f"{label(row['figure'])} {number_text(row['then'])} → {number_text(row['now'])}"
            for row in part.head(_MOST).to_dict("records")
        ]
        of, rest = f", {key!s}" if str(key) else "", " …" if len(part) > _MOST else ""
        findings.append(f"{since}{of}: {'; '.join(moved)}{rest}.")
    money = rows[rows["change"].eq("amount moved")]
    for (column, currency), part in money.groupby(["column", "currency"], dropna=False, sort=True):
        text = money_text(cents(part["moved"].sum()), currency)
        findings.append(f"Money moved in {counted(len(part), 'row')}: {label(column)} {text} in all.")
    findings = findings or [f"{since} nothing changed in this report."]
    return {"since_rows": rows, "since_figures": figures}, findings


def _changed_figures(
    then: pd.DataFrame | None, now: pd.DataFrame | None, keys: Sequence[str]
) -> pd.DataFrame:
    """Return one row for each figure that is another now: `of` (its keys), figure, then, now, moved."""
    old, new = dict[tuple[str, str], Any](), dict[tuple[str, str], Any]()
    keys_of: dict[str, dict[str, Any]] = {}
    for frame, values in ((then, old), (now, new)):
        for record in [] if frame is None else frame.to_dict("records"):
            known = {key: record[key] for key in keys if key in record}
            of = " / ".join(str(value) for value in known.values() if not is_missing(value))
            keys_of[of] = known
            for name in record.keys() - known.keys():
                if isinstance(record[name], int | float) and not is_missing(record[name]):
                    values[of, str(name)] = record[name]
    order = {str(name): at for at, name in enumerate(() if now is None else now.columns)}
    changed = [key for key in {*old, *new} if old.get(key) != new.get(key)]
    records = [
        {"of": of, **keys_of[of], "figure": name, "then": old.get((of, name)), "now": new.get((of, name))}
        for of, name in sorted(changed, key=lambda key: (key[0], order.get(key[1], len(order))))
    ]
    figures = figures_frame(records, ["of", *keys, "figure", "then", "now"])
    return figures.assign(moved=(figures["now"] - figures["then"]).astype("float64").map(cents))


def _changed_rows(then: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each thing that happened to a row: new, closed, a later day, another amount."""
    old, new = _keyed(then), _keyed(now)
    state = next((name for name in _STATES if name in then.columns and name in now.columns), None)
    records = []
    for key, row in new.items():
        before = old.get(key)
        if before is None:
            records.append(_change(row, "new"))
            continue
        if state and str(before[state]) != str(row[state]):
            ended = str(row[state]).lower() in _ENDED
            records.append(_change(row, "closed" if ended else "another state", state, before))
        for name, later in _DAYS.items():
            if _both(before, row, name) and before[name] != row[name]:
                days = (pd.Timestamp(row[name]) - pd.Timestamp(before[name])).days
                change = later if days > 0 else "brought forward"
                records.append(_change(row, change, name, before) | {"days": days})
        for name in _MONEY:
            if _both(before, row, name) and (moved := cents(row[name] - before[name])):
                records.append(_change(row, "amount moved", name, before) | {"moved": moved})
    records += [_change(row, "no longer there") for key, row in old.items() if key not in new]
    rows = figures_frame(records, _COLUMNS).reindex(columns=_COLUMNS)
    return rows.sort_values(["change", "project_name"], kind="stable", ignore_index=True)


def _both(before: dict[str, Any], row: dict[str, Any], name: str) -> bool:
    return not is_missing(before.get(name)) and not is_missing(row.get(name))


def _keyed(rows: pd.DataFrame) -> dict[Any, dict[Any, Any]]:
    """Return the rows by what tells them apart; rows without a name of their own, such as log entries, are not compared."""
    names = ["project_id", *(name for name in _KEYS if name in rows.columns)]
    if rows.empty or "project_id" not in rows.columns:
        return {}
    if len(names) == 1 and rows["project_id"].duplicated().any():
        return {}
    if "id" in names:  # an id is enough, with what tells rows of two lists apart
        names = [name for name in names if name in ("project_id", "id", "side", "kind")]
    # Rows with the same key are told apart by their order: no two may fall together in a dict.
    key = rows[names].astype("string").fillna("").agg("/".join, axis=1)
    return dict(zip(zip(key, key.groupby(key).cumcount(), strict=True), rows.to_dict("records"), strict=True))


def _change(
    row: dict[str, Any], change: str, column: str = "", before: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return what happened to a row; of a column, with its value before and now."""
    what = next((str(row[name]) for name in _NAMES if not is_missing(row.get(name))), "")
    then, now = (None, None) if before is None else (_text(before[column]), _text(row[column]))
    keys = {name: row.get(name) for name in ("project_id", "project_name", "currency")}
    return {**keys, "what": what, "change": change, "column": column, "then": then, "now": now}


def _text(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return number_text(value) if is_number else str(value)
