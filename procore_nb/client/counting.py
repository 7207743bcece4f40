"""How many rows a list has, and what fetching it would take.

In: a query. Out: frames. Sends one request a target for a count, as few as the targets need for an estimate.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd

from procore_nb.client.budget import needs_views, views_of
from procore_nb.client.frame_assembler import target_of
from procore_nb.client.query import ListQuery
from procore_nb.errors import ArgumentError
from procore_nb.frame_info import describe


def count(query: ListQuery) -> pd.DataFrame:
    """Return the number of rows of each target; see `Procore.count`."""
    if query.max_rows is not None or query.columns is not None:
        raise ArgumentError(
            "count takes no max_rows and no columns.", advice="It counts all rows of the list."
        )
    collection = query.collection()
    whole = list(collection.requests)
    # One row is enough for Total; without one, all pages have to come.
    stats = collection.statistics([replace(one, most_rows=1, per_page=1) for one in whole])
    unknown = [place for place, one in enumerate(stats) if one is not None and one.total is None and one.more]
    for place, one in zip(unknown, collection.statistics([whole[place] for place in unknown]), strict=True):
        stats[place] = one
    reasons = {one["target"]: one["reason"] for one in collection.skipped.accounts}
    rows = []
    for request, one in zip(whole, stats, strict=True):
        target = target_of(request)
        said = one is not None and one.total is not None
        rows.append(
            {"company_id": target.company_id}
            | target.account
            | {
                "rows": None if one is None else one.total if said else one.rows,
                "counted": None if one is None else "total" if said else "rows",
                "reason": None if one is not None else reasons.get(target.words),
            }
        )
    frame = pd.DataFrame(rows, columns=list(rows[0]) if rows else ["company_id", "rows", "counted", "reason"])
    texts = {name for name in frame.columns if any(isinstance(value, str) for value in frame[name])}
    texts |= {"project_name", "counted", "reason"} & set(frame.columns)
    frame = frame.astype({name: "string" if name in texts else "Int64" for name in frame.columns})
    if not callable(collection.progress):
        collection.skipped.warn(query.endpoint.name, len(whole))
    skipped = list(collection.skipped.accounts)
    return describe(frame, **collection.about, requests=collection.sent, rows=len(frame), skipped=skipped)


def estimate(query: ListQuery) -> pd.DataFrame:
    """Return targets, requests and seconds; see `Procore.estimate`."""
    by_view = needs_views(query)  # a budget: the views of each project, the columns of one view, the rows
    collection = views_of(query) if by_view else query.collection(check_wait=False)
    targets = len(collection.requests)
    requests = min(targets, 1) if query.max_rows else 2 * targets + 1 if by_view else targets
    session, clock = query.procore.session, query.procore.policy.clock
    limiter = session.shared.rate_limiter
    known = bool(limiter.windows(clock()))
    seconds = limiter.estimate(requests, clock()) if known else math.nan
    row = {"targets": targets, "requests": requests, "seconds": seconds}
    frame = pd.DataFrame([row]).astype({"targets": "Int64", "requests": "Int64", "seconds": "float64"})
    return describe(frame, **collection.about)
