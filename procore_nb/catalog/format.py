"""An endpoint as a reader sees it: a few lines of text or a small table in a notebook, and what is easily overlooked when asking it.

In: an endpoint. Out: text, HTML (every value escaped, colours left to the theme), or sentences. Speaks to no service.
The rules of the caveats are Procore's; remarks on single lists are data.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from procore_nb.catalog.endpoint_schema import DEFAULT_SHAPE, Argument, Field

if TYPE_CHECKING:
    from procore_nb.catalog.endpoint import Endpoint

_WIDTH = 100
_PAGING = {
    "page": "page and per_page",
    "page0": "pages counted from 0, of a fixed size",
    "cursor": "cursor",
    "offset": "the last id seen and a page size",
    "per_page_only": "per_page alone: one page",
    "limit": "limit alone: one page",
    "": "none: everything in one reply",
}
_FORMS = {"range": "period", "after": "from a time on", "day": "day", "moment": "time"}


def as_text(endpoint: Endpoint) -> str:
    """The endpoint in lines of at most 100 characters."""
    facts = [*_facts(endpoint), *(("caveat", caveat) for caveat in endpoint.caveats)]
    if columns := _columns(endpoint):
        facts.append(("columns", ", ".join(f"{name} ({type_name})" for name, type_name in columns)))
    lines = [f"{endpoint.name}: GET {endpoint.path}"]
    for label, text in facts:
        first, later = f"  {label:<10}", " " * 12
        lines += textwrap.wrap(
            text, _WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False
        )
    return "\n".join(lines)


def as_html(endpoint: Endpoint) -> str:
    """The endpoint as a small table; readable on a dark background too, as it sets no colours."""
    facts = [(label, escape(text)) for label, text in _facts(endpoint)]
    if endpoint.caveats:
        facts.append(("caveats", "<br>".join(map(escape, endpoint.caveats))))
    left = "text-align:left"
    rows = "".join(
        f'<tr><th style="{left};vertical-align:top">{label}</th><td style="{left}">{html}</td></tr>'
        for label, html in facts
    )
    columns = [
        f"<code>{escape(name)}</code>&nbsp;<small>{escape(type_name)}</small>"
        for name, type_name in _columns(endpoint)
    ]
    summary = f"<summary>{len(columns)} columns</summary>"
    more = f"<details>{summary}{', '.join(columns)}</details>" if columns else ""
    return (
        f"<div><strong>{escape(endpoint.name)}</strong> <code>GET {escape(endpoint.path)}</code>"
        f'<table style="{left}">{rows}</table>{more}</div>'
    )


def needs_text(endpoint: Endpoint) -> str:
    """What an endpoint needs, in words: `project_id, company_id or project_id`."""
    return ", ".join(" or ".join(group) for group in endpoint.needs)


def flags(endpoint: Endpoint) -> tuple[str, ...]:
    """Procore's own marks on a list: BETA, DEPRECATED, OLDER VERSION, and GONE for what its newest reference lacks."""
    marks = {
        "BETA": endpoint.beta,
        "DEPRECATED": endpoint.deprecated,
        "OLDER VERSION": endpoint.older_version,
        "GONE": endpoint.gone,
    }
    return tuple(name for name, marked in marks.items() if marked)


def _facts(endpoint: Endpoint) -> Iterable[tuple[str, str]]:
    tool = " > ".join(dict.fromkeys(filter(None, (endpoint.category, endpoint.module))))
    texts: dict[str, list[str]] = {"filter": [], "query": []}
    for argument in endpoint.arguments:
        if not argument.required and argument.name not in ("sort", "view"):
            texts[argument.location].append(_argument_text(argument))
    sort = "by a column; Procore names none" if endpoint.sort_param else ""
    usual_view = f" ({endpoint.view_default} when not given)" if endpoint.view_default else ""
    facts = {
        "also": ", ".join(endpoint.aliases),
        "tool": ", ".join(filter(None, (tool, endpoint.version, endpoint.kind))),
        "needs": needs_text(endpoint) or "nothing",
        "paging": _paging(endpoint),
        "filters": ", ".join(texts["filter"]),
        "options": ", ".join(texts["query"]),
        "sort": ", ".join(endpoint.sorts) or sort,
        "view": (", ".join(endpoint.views) or endpoint.view_param) + usual_view,
        "record": endpoint.record_path or ("by pattern" if endpoint.kind == "data" else ""),
        "versions": ", ".join(endpoint.versions),
        "flags": ", ".join(flags(endpoint)),
        "reference": f"Procore's, of {endpoint.as_of}" if endpoint.as_of else "",
        "no longer": ", ".join(field.name for field in endpoint.gone_fields),
    }
    return ((label, text) for label, text in facts.items() if text)


def _argument_text(argument: Argument) -> str:
    """An argument with how it takes time, or the values it may have: `status (open, closed)`."""
    words = [choice.partition("=")[0] for choice in argument.choices]
    values = _FORMS.get(argument.form, "") or ", ".join(words)
    return f"{argument.name} ({values})" if values else argument.name


def _paging(endpoint: Endpoint) -> str:
    texts = [_PAGING.get(endpoint.paging, endpoint.paging)]
    if endpoint.per_page_default:
        texts.append(f"{endpoint.per_page_default} rows by default")
    if endpoint.per_page_max:
        texts.append(f"{endpoint.per_page_max} at most")
    return ", ".join(texts)


def _columns(endpoint: Endpoint) -> list[tuple[str, str]]:
    """Name and type of what becomes a column; what is inside a list stays in that list's column."""
    columns = ((field.name.removesuffix("[]"), field) for field in endpoint.all_fields)
    return [
        (name, _type_of(field))
        for name, field in columns
        if "[]" not in name and field.type != "object" and not field.is_placeholder
    ]


def _type_of(field: Field) -> str:
    type_name = field.format if field.format.startswith("date") else field.type
    if not field.views or DEFAULT_SHAPE in field.views:
        return type_name
    return f"{type_name}; view {' or '.join(field.views)}"


_WINDOWS = {"today": "today", "this_work_week": "this work week", "last_7_days": "the last 7 days"}


def window_of(endpoint: Endpoint) -> str:
    """The days whose rows come when no dates are given, in words; empty where everything comes."""
    return _WINDOWS.get(endpoint.date_default, endpoint.date_default)


@lru_cache(maxsize=2048)
def caveats(endpoint: Endpoint) -> tuple[str, ...]:
    """The caveats of an endpoint, the ones that change the number of rows first."""
    return (
        *_missing_rows(endpoint),
        *map(_parent, endpoint.parent_pairs),
        *_lifetime(endpoint),
        *endpoint.remarks,
        *_poor_rows(endpoint),
    )


def _parent(pair: tuple[str, tuple[str, ...]]) -> str:
    name, (*others, last) = pair
    lists = f"{', '.join(others)} or {last}" if others else last
    return f"Needs {name}, one request for each: take it from {lists}."


def _missing_rows(endpoint: Endpoint) -> Iterator[str]:
    if endpoint.date_default:
        dates = " and ".join(name for name in ("start_date", "end_date") if name in endpoint.other_query)
        one_day = " (or log_date for one day)" if "log_date" in endpoint.other_query else ""
        yield f"Without dates only the rows of {window_of(endpoint)} come back: give {dates}{one_day}."
    if "by_status" in endpoint.filters:
        yield 'Only active projects come back without status="All".'
    columns = (field.name for field in endpoint.fields if field.type != "object" and not field.in_list)
    group = " and ".join(name for name in columns if name.startswith("group_"))
    if "[]." in endpoint.envelope and group:
        yield (
            f"Procore sends groups of records. Each row here is one record; its group is in {group}. "
            "A record may be in several groups; a group without records gives no row."
        )


def _lifetime(endpoint: Endpoint) -> Iterator[str]:
    """What Procore says of how long the list will be there, and what to use instead."""
    instead = f" Use {endpoint.successor}." if endpoint.successor else ""
    if endpoint.gone:
        yield f"Procore's reference of {endpoint.as_of} no longer has this list; it may stop answering.{instead}"
    elif endpoint.deprecated:
        when = f" The day of its removal is {endpoint.removal}." if endpoint.removal else ""
        yield f"DEPRECATED: Procore will remove this list.{when}{instead}"
    elif endpoint.older_version:
        yield f"OLDER VERSION: Procore has a newer version of this list.{instead}"
    if endpoint.beta:
        yield "BETA: Procore may change this list without notice."


def _poor_rows(endpoint: Endpoint) -> Iterator[str]:
    if endpoint.kind == "unknown":
        yield "This path is not in the catalogue: columns and types come from the rows alone."
        return
    if not endpoint.field_text:
        yield "Procore does not describe the rows: columns and types come from the rows alone."
    elif endpoint.fields_source == "request":
        yield "Procore does not describe the rows: the columns shown are those that may be written."
    if not endpoint.paging and endpoint.kind == "data":
        yield "No paging: the whole list comes in one reply, which may take long or fail with 408."
    names = {field.name for field in endpoint.fields}
    if endpoint.kind == "data" and "updated_at" in names and not endpoint.updated_at_param:
        yield "Rows show updated_at, but Procore cannot filter by it here."
    if endpoint.legacy_module:
        yield "Belongs to a tool that Procore calls legacy."
