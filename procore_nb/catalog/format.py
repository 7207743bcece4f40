"""An endpoint as a reader sees it: a few lines of text, or a small table in a notebook.

In: an endpoint. Out: text or HTML (every value escaped, colours left to the theme). Speaks to no service.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from procore_nb.catalog.models import DEFAULT_SHAPE, Argument, Field

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
    lines = [f"{endpoint.name}: GET {endpoint.path}"]
    for label, text in _facts(endpoint):
        lines += _wrapped(label, text)
    for caveat in endpoint.caveats:
        lines += _wrapped("caveat", caveat)
    if columns := _columns(endpoint):
        lines += _wrapped("columns", ", ".join(f"{name} ({kind})" for name, kind in columns))
    return "\n".join(lines)


def as_html(endpoint: Endpoint) -> str:
    """The endpoint as a small table; readable on a dark background too, as it sets no colours."""
    rows = "".join(_row(label, escape(text)) for label, text in _facts(endpoint))
    if endpoint.caveats:
        rows += _row("caveats", "<br>".join(escape(caveat) for caveat in endpoint.caveats))
    columns = _columns(endpoint)
    listed = ", ".join(
        f"<code>{escape(name)}</code>&nbsp;<small>{escape(kind)}</small>" for name, kind in columns
    )
    more = f"<details><summary>{len(columns)} columns</summary>{listed}</details>" if columns else ""
    return (
        f"<div><strong>{escape(endpoint.name)}</strong> <code>GET {escape(endpoint.path)}</code>"
        f'<table style="text-align:left">{rows}</table>{more}</div>'
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
    tool = " > ".join(dict.fromkeys(part for part in (endpoint.category, endpoint.module) if part))
    free = [one for one in endpoint.arguments if not one.required and one.name not in ("sort", "view")]
    options = [_argument(one) for one in free if one.place == "query"]
    filters = [_argument(one) for one in free if one.place == "filter"]
    facts = {
        "also": ", ".join(endpoint.aliases),
        "tool": ", ".join(part for part in (tool, endpoint.version, endpoint.kind) if part),
        "needs": needs_text(endpoint) or "nothing",
        "paging": _paging(endpoint),
        "filters": ", ".join(filters),
        "options": ", ".join(options),
        "sort": ", ".join(endpoint.sorts)
        or ("by a column; Procore names none" if endpoint.sort_param else ""),
        "view": _views(endpoint),
        "record": endpoint.record_path or ("by pattern" if endpoint.kind == "data" else ""),
        "versions": ", ".join(endpoint.versions),
        "flags": ", ".join(flags(endpoint)),
        "reference": f"Procore's, of {endpoint.as_of}" if endpoint.as_of else "",
        "no longer": ", ".join(one.name for one in endpoint.gone_fields),
    }
    return ((label, text) for label, text in facts.items() if text)


def _argument(one: Argument) -> str:
    """An argument with how it takes time, or the values it may have: `status (open, closed)`."""
    words = [choice.partition("=")[0] for choice in one.choices]
    values = _FORMS.get(one.form, "") or ", ".join(words)
    return f"{one.name} ({values})" if values else one.name


def _views(endpoint: Endpoint) -> str:
    usual = f" ({endpoint.view_default} when not given)" if endpoint.view_default else ""
    return (", ".join(endpoint.views) or endpoint.view_param) + usual


def _paging(endpoint: Endpoint) -> str:
    sizes = []
    if endpoint.per_page_default:
        sizes.append(f"{endpoint.per_page_default} rows by default")
    if endpoint.per_page_max:
        sizes.append(f"{endpoint.per_page_max} at most")
    return ", ".join([_PAGING.get(endpoint.paging, endpoint.paging), *sizes])


def _columns(endpoint: Endpoint) -> list[tuple[str, str]]:
    """Name and type of what becomes a column; what is inside a list stays in that list's column."""
    return [
        (one.name.removesuffix("[]"), _type_of(one))
        for one in endpoint.all_fields
        if "[]" not in one.name.removesuffix("[]") and one.type != "object" and not one.stand_in
    ]


def _type_of(one: Field) -> str:
    kind = one.format if one.format.startswith("date") else one.type
    shapes = [view for view in one.views if view != DEFAULT_SHAPE]
    return f"{kind}; view {' or '.join(shapes)}" if shapes and DEFAULT_SHAPE not in one.views else kind


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=f"  {label:<10}", subsequent_indent=" " * 12, break_on_hyphens=False
    )


def _row(label: str, html: str) -> str:
    return f'<tr><th style="text-align:left;vertical-align:top">{label}</th><td style="text-align:left">{html}</td></tr>'
