"""The catalogue as a whole: read from its file, looked up by name, alias, path, or the word people use for a list.

In: a catalogue file (ours, or one built by the user); names. Out: `Endpoint` rows, names of lists. Speaks to no service.
A file is gzip'd text: a header line, then one JSON object a line for each endpoint. The header names the day of the
copy of Procore's reference that was read, and what of that reference is not a list, with the reason.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal, get_args

import orjson

from procore_nb.catalog.endpoint import Endpoint, from_row, match_path, split_path, to_row, unknown
from procore_nb.errors import CatalogError
from procore_nb.near_match import did_you_mean, slug, stem
from procore_nb.near_match import words as words_of

FORMAT = "procore_nb catalogue 1"

# The sixty names asked most.
OftenUsed = Literal[
    "projects", "rfis", "submittals", "punch_items", "observation_items", "inspections", "incidents", "meetings",
    "manpower_logs", "daily_log_headers", "notes_logs", "weather_logs", "delay_logs", "work_logs", "equipment_logs",
    "productivity_logs", "quantity_logs", "visitor_logs", "safety_violation_logs", "timecard_entries",
    "prime_contracts", "commitments", "purchase_order_contracts", "work_order_contracts", "change_events",
    "prime_change_orders", "commitment_change_orders", "change_order_packages", "potential_change_orders",
    "budget_views", "budget_view_detail_rows", "budget_line_items", "budget_changes", "budget_modifications",
    "direct_costs", "requisitions", "payment_applications", "cost_codes", "wbs_codes", "schedule_tasks", "task_items",
    "drawing_revisions", "drawing_sets", "drawing_areas", "specification_sections", "documents", "images",
    "coordination_issues", "forms", "action_plans", "bid_packages", "rfi_replies", "companies", "vendors", "users",
    "project_users", "project_vendors", "project_dates", "locations", "programs", "offices", "project_stages",
]  # fmt: skip
OFTEN_USED: tuple[str, ...] = get_args(OftenUsed)

# What "open rfis" means is said by a filter; the list is found by the rest of the words.
NO_NAMES = frozenset({
    "open", "closed", "overdue", "late", "unpaid", "outstanding", "current", "all", "my", "the", "of", "list", "log",
})  # fmt: skip


def _key(words: str) -> tuple[str, ...]:
    return tuple(map(stem, words_of(words)))


@cache
def _everyday() -> dict[tuple[str, ...], str]:
    """Names by the stems of each phrase. With commas the first is meant and the others are near; with bars any may be."""
    return {_key(phrase): names for phrase, names in read_data("everyday").items()}


def names_for_synonym(words: str, *, likeliest: bool = False) -> tuple[str, ...]:
    """Return the names of the lists that an everyday word means; none where it is none. A catalogue may lack some of them.

    With `likeliest` those that are only near are left out: one name is the answer, several are a choice.
    """
    key = _key(words)
    names = _everyday().get(key) or _everyday().get(tuple(word for word in key if word not in NO_NAMES), "")
    names = names.split(", ")[0] if likeliest else names.replace(", ", " | ")
    return tuple(names.split(" | ")) if names else ()


@cache
def read_data(name: str) -> Any:
    """Content of `data/<name>.json`."""
    return orjson.loads((resources.files("procore_nb.catalog") / "data" / f"{name}.json").read_bytes())


class Catalogue:
    """A set of endpoints, found by name, alias or path; `singles` answer one object (such as `me`) and are never listed."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        singles: Iterable[Endpoint] = (),
        *,
        as_of: str = "",
        left_out: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.endpoints = tuple(endpoints)
        self.singles = tuple(singles)
        self.as_of = as_of
        self.left_out = tuple(left_out)
        self._names: dict[str, Endpoint] | None = None

    def __repr__(self) -> str:
        of = f", Procore's reference of {self.as_of}" if self.as_of else ""
        return f"<Catalogue of {len(self.endpoints)} endpoints{of}>"

    def __len__(self) -> int:
        return len(self.endpoints)

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of that name (`rfis`, `Punch Items`), everyday word or path, with ids or without.

        A whole path outside the catalogue is an endpoint of kind `unknown`, of which only the placeholders are known.
        """
        if not isinstance(name, str) or not name.strip():
            raise CatalogError(f"{name!r} is not the name of an endpoint.", advice=_ADVICE)
        if "/" in name:
            return self._at_path(name) or unknown(name)
        candidates = [slug(name)] if slug(name) in self._by_name else names_for_synonym(name, likeliest=True)
        names = [known for known in candidates if known in self._by_name]
        if len(names) == 1:
            return self._by_name[names[0]]
        if names:
            raise CatalogError(f"{name!r} may be several lists.", advice=f"Choose one: {', '.join(names)}.")
        advice = did_you_mean(name, self._by_name) + _ADVICE
        raise CatalogError(f"No endpoint is called {name!r}.", advice=advice)

    def single(self, name: str) -> Endpoint:
        """The endpoint of that name that answers one object, such as `me`."""
        for endpoint in self.singles:
            if endpoint.name == slug(name):
                return endpoint
        raise CatalogError(f"No single object is called {name!r}.")

    # Not functools.cached_property: in Python 3.11 it has one lock for all, which a thread may hold when another forks;
    # the child would wait for it for ever. Two threads that compute the same table at once do no harm.
    @property
    def _by_name(self) -> dict[str, Endpoint]:
        if self._names is None:
            aliases = {slug(alias): endpoint for endpoint in self.endpoints for alias in endpoint.aliases}
            self._names = aliases | {slug(endpoint.name): endpoint for endpoint in self.endpoints}
        return self._names

    def _at_path(self, path: str) -> Endpoint | None:
        """The endpoint a path belongs to; without a version in the path, the one with the plain name."""
        version, parts = split_path(path)
        fitting = []
        for endpoint in self.endpoints:
            own_version, template = split_path(endpoint.path)
            if version in ("", own_version) and match_path(template, parts) is not None:
                placeholders = sum(part.startswith("{") for part in template)
                fitting.append((placeholders, len(endpoint.name), endpoint.name, endpoint))
        return min(fitting, key=lambda ranked: ranked[:3])[3] if fitting else None


_ADVICE = 'find_endpoints("a word") searches names, paths, tools and fields.'


def load(path: str | Path | None = None) -> Catalogue:
    """A catalogue from its file, as `build_file` writes it; without one that of this package, read once."""
    if path is None:
        return _own()
    try:
        packed = Path(path).read_bytes()
    except OSError as error:
        raise CatalogError(f"The catalogue {str(path)!r} cannot be read: {error.strerror}.") from error
    return _read(packed, str(path))


def dump(catalogue: Catalogue) -> bytes:
    """The bytes of a catalogue file; the same catalogue gives the same bytes."""
    header: dict[str, Any] = {"format": FORMAT}
    if catalogue.as_of:
        header["as_of"] = catalogue.as_of
    if catalogue.left_out:
        header["left_out"] = catalogue.left_out
    rows = map(to_row, (*catalogue.endpoints, *catalogue.singles))
    text = b"".join(orjson.dumps(row) + b"\n" for row in (header, *rows))
    return gzip.compress(text, compresslevel=9, mtime=0)


@cache
def _own() -> Catalogue:
    file = resources.files("procore_nb.catalog") / "data" / "catalogue.jsonl.gz"
    return _read(file.read_bytes(), "procore_nb")


def _read(packed: bytes, where: str) -> Catalogue:
    advice = "Make it again with `procore-nb catalog build FILE`."
    try:
        header, *rows = map(orjson.loads, gzip.decompress(packed).splitlines())
        if header.get("format") != FORMAT:
            raise CatalogError(f"{where} is not a catalogue this version reads.", advice=advice)
        endpoints = list(map(from_row, rows))
    except (OSError, EOFError, zlib.error, ValueError, TypeError, AttributeError) as error:
        raise CatalogError(f"{where} is not a whole catalogue file.", advice=advice) from error
    return Catalogue(
        [endpoint for endpoint in endpoints if endpoint.kind != "single"],
        [endpoint for endpoint in endpoints if endpoint.kind == "single"],
        as_of=str(header.get("as_of") or ""),
        left_out=[(str(path), str(reason)) for path, reason in header.get("left_out") or ()],
    )
