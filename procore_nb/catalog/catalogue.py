"""The catalogue as a whole: read from its file, looked up by name, alias or path.

In: a catalogue file (ours, or one built by the user). Out: `Endpoint` rows. Speaks to no service.
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
from typing import Any

import orjson

from procore_nb.catalog import paths
from procore_nb.catalog.endpoint import Endpoint, from_row, to_row, unknown
from procore_nb.catalog.everyday import meant_by
from procore_nb.errors import CatalogError
from procore_nb.near_match import did_you_mean, plain

FORMAT = "procore_nb catalogue 1"


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
        found = self._by_name.get(plain(name))
        if found is not None:
            return found
        meant = [one for one in meant_by(name, likeliest=True) if one in self._by_name]
        if len(meant) == 1:
            return self._by_name[meant[0]]
        if meant:
            raise CatalogError(f"{name!r} may be several lists.", advice=f"Choose one: {', '.join(meant)}.")
        advice = did_you_mean(name, self._by_name) + _ADVICE
        raise CatalogError(f"No endpoint is called {name!r}.", advice=advice)

    def single(self, name: str) -> Endpoint:
        """The endpoint of that name that answers one object, such as `me`."""
        for one in self.singles:
            if one.name == plain(name):
                return one
        raise CatalogError(f"No single object is called {name!r}.")

    # Not functools.cached_property: in Python 3.11 it has one lock for all, which a thread may hold when another forks;
    # the child would wait for it for ever. Two threads that compute the same table at once do no harm.
    @property
    def _by_name(self) -> dict[str, Endpoint]:
        if self._names is None:
            names = {plain(alias): one for one in self.endpoints for alias in one.aliases}
            self._names = names | {plain(one.name): one for one in self.endpoints}
        return self._names

    def _at_path(self, path: str) -> Endpoint | None:
        """The endpoint a path belongs to; without a version in the path, the one with the plain name."""
        version, parts = paths.split(path)
        fitting = []
        for one in self.endpoints:
            own_version, own = paths.split(one.path)
            if version in ("", own_version) and paths.match(own, parts) is not None:
                fitting.append((sum(part.startswith("{") for part in own), len(one.name), one.name, one))
        return min(fitting, key=lambda item: item[:3])[3] if fitting else None


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
    rows = [to_row(one) for one in (*catalogue.endpoints, *catalogue.singles)]
    text = b"\n".join(orjson.dumps(row) for row in [header, *rows]) + b"\n"
    return gzip.compress(text, compresslevel=9, mtime=0)


@cache
def _own() -> Catalogue:
    file = resources.files("procore_nb.catalog") / "data" / "catalogue.jsonl.gz"
    return _read(file.read_bytes(), "procore_nb")


def _read(packed: bytes, where: str) -> Catalogue:
    advice = "Make it again with `procore-nb catalog build FILE`."
    try:
        header, *lines = gzip.decompress(packed).splitlines()
        rows = [orjson.loads(line) for line in (header, *lines)]
        if rows[0].get("format") != FORMAT:
            raise CatalogError(f"{where} is not a catalogue this version reads.", advice=advice)
        found = [from_row(row) for row in rows[1:]]
    except (OSError, EOFError, zlib.error, ValueError, TypeError, AttributeError) as error:
        raise CatalogError(f"{where} is not a whole catalogue file.", advice=advice) from error
    return Catalogue(
        [one for one in found if one.kind != "single"],
        [one for one in found if one.kind == "single"],
        as_of=str(rows[0].get("as_of") or ""),
        left_out=[(str(path), str(reason)) for path, reason in rows[0].get("left_out") or ()],
    )
