"""Every list of Procore as a function of its own, and what the Tab key offers: `procore.lists.rfis("all", status="open")`.

In: a connection; for Tab, the text before the cursor and the variables of the notebook. Out: functions that call
`Procore.table`, with the page of the list as docstring and its own arguments as signature; completions. Sends nothing by itself.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd

from procore_nb.catalog import Catalogue, Endpoint, load, search
from procore_nb.catalog.catalogue import OFTEN
from procore_nb.client.connection import Connection
from procore_nb.errors import ArgumentError, CatalogError, NoAttributeError

if TYPE_CHECKING:
    from procore_nb.client.procore import Procore

_IDENTIFIER = "procore_nb.lists"
_METHODS = "table|frames|pages|records|record|count|estimate|endpoint"
_WHERE = re.compile(
    rf"""(?P<owner>[A-Za-z_][\w.]*?)\.(?:lists\.(?P<attribute>\w*)
    |lists\[["'](?P<key>[^"']*)
    |(?:{_METHODS})\(\s*(?:["'](?P<name>[^"']*)|(?P<call>))
    |(?:lists\.(?P<list>\w+)\(|(?:{_METHODS})\(\s*["'](?P<table>[^"']+)["'],)(?:[^()]|\([^()]*\))*?(?P<argument>\b[a-z]\w*|(?<=[(,\s]))
    |(?P<member>\w*))$""",
    re.VERBOSE,
)
_SEARCH = re.compile(r"""find_endpoints\(\s*["'](?P<name>[^"']*)$""")
_HELD_BACK = ("company_id", "project_id")  # options of every list, shown first and once


class Lists:
    """All lists by attribute: `procore.lists.rfis(…)` is `procore.table("rfis", …)`. Tab offers the most used first.

    Examples
    --------
    >>> "subject" in pnb.connect("demo").lists.rfis(1204310).columns
    True
    """

    def __init__(self, procore: Procore) -> None:
        self._procore = procore

    def __getattr__(self, name: str) -> Callable[..., pd.DataFrame]:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except CatalogError as error:
            raise NoAttributeError(error.message, advice=error.advice) from None

    def __getitem__(self, name: str) -> Callable[..., pd.DataFrame]:
        procore, endpoint = self._procore, self._procore.endpoint(name)

        def fetch(*values: Any, **arguments: Any) -> pd.DataFrame:
            return procore.table(name, *values, **arguments)

        fetch.__name__ = fetch.__qualname__ = name
        fetch.__doc__ = repr(endpoint)
        fetch.__signature__ = signature_of(endpoint)  # type: ignore[attr-defined]
        return fetch

    def __call__(self, name: str = "rfis", *_: object, **__: object) -> NoReturn:
        problem = "lists is no function."
        raise ArgumentError(problem, advice=f"Write procore.lists.{name}(…); dir(procore.lists) names all.")

    def __iter__(self) -> Iterator[str]:
        return iter(list_names(self._procore.catalogue))

    def __len__(self) -> int:
        return len(dir(self))

    def __dir__(self) -> list[str]:
        return list_names(self._procore.catalogue)

    def __repr__(self) -> str:
        return f"{len(self._procore.catalogue):,} lists: procore.lists.rfis(…), procore.lists.<Tab>"


def list_names(catalogue: Catalogue) -> list[str]:
    """Return the names of all lists, the most used first."""
    known = {name for one in catalogue.endpoints for name in (one.name, *one.aliases)}
    often = (name for name in OFTEN if name in known)
    return list(dict.fromkeys([*often, *(one.name for one in catalogue.endpoints)]))


def signature_of(endpoint: Endpoint) -> inspect.Signature:
    """Return the signature of one list: its target, then what it takes by name."""
    targets = [name for group in endpoint.needs for name in group]
    own = [one.name for one in endpoint.arguments if one.name not in _HELD_BACK]
    names = ["project_id", "projects", *own] if "project_id" in targets else own
    names = [*names, "company_id", "max_rows", "columns", "decimals"]
    if endpoint.parents:
        names.insert(0, "parent")
    one = inspect.Parameter
    first = one("target", one.POSITIONAL_ONLY, default=None)
    rest = [one(name, one.KEYWORD_ONLY, default=None) for name in dict.fromkeys(names) if name.isidentifier()]
    return inspect.Signature([first, *rest], return_annotation=pd.DataFrame)


def register_completion() -> None:
    """Let the running IPython complete here, once: it neither looks through a property nor into the text of an argument."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    known = getattr(getattr(shell, "Completer", None), "custom_matchers", None)
    if shell is None or known is None:
        return
    if any(getattr(one, "matcher_identifier", "") == _IDENTIFIER for one in known):
        return
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher(identifier=_IDENTIFIER)  # type: ignore[untyped-decorator]
    def matcher(context: Any) -> dict[str, Any]:
        fragment, offered = completions(context.full_text[: context.cursor_position], shell.user_ns)
        kind = "param" if offered and offered[0].endswith("=") else "function"
        found = [SimpleCompletion(text=one, type=kind) for one in offered]
        suppress = bool(found) and kind == "function"
        return {"completions": found, "matched_fragment": fragment, "ordered": True, "suppress": suppress}

    known.append(matcher)


def completions(text: str, names: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the last word before the cursor and what it may become; nothing outside calls of a connection."""
    found = _WHERE.search(text)
    owner = _value(found["owner"], names) if found else None
    if found is None or not isinstance(owner, Connection):
        searched = _SEARCH.search(text)
        return (searched["name"], _names(load(), searched["name"])) if searched else ("", [])
    parts = found.groupdict()
    if parts["argument"] is not None:
        return parts["argument"], _arguments(owner, parts["list"] or parts["table"], parts["argument"])
    if parts["member"] is not None:
        return parts["member"], [one for one in dir(owner) if one.startswith(parts["member"])]
    if parts["call"] is not None:
        return "", [f'"{name}"' for name in list_names(owner.catalogue)]
    word = next(parts[each] for each in ("attribute", "key", "name") if parts[each] is not None)
    return word, _names(owner.catalogue, word)


def _names(catalogue: Catalogue, word: str) -> list[str]:
    """Return the names that begin with a word, most used first; where none does, those that searching finds."""
    beginning = [name for name in list_names(catalogue) if name.startswith(word)]
    return beginning or [one.name for one in search.ranked(catalogue.endpoints, word)[0][:30]]


def _arguments(owner: Connection, name: str, word: str) -> list[str]:
    try:
        endpoint = owner.catalogue.endpoint(name)
    except CatalogError:
        return []
    own = [one.name for one in signature_of(endpoint).parameters.values() if one.kind is one.KEYWORD_ONLY]
    return [f"{one}=" for one in own if one.startswith(word)]


def _value(path: str, names: dict[str, Any]) -> Any:
    """Return what a dotted name stands for, without calling anything of classes that are not ours."""
    first, *rest = path.split(".")
    value = names.get(first)
    for name in rest:
        value = vars(value).get(name) if hasattr(value, "__dict__") else None
    return value
