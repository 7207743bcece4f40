"""Every list of Procore as a function of its own, and what the Tab key offers: `procore.lists.rfis("all", status="open")`.

In: a connection; for Tab, the text before the cursor and the variables of the notebook. Out: functions that call
`Procore.table`, with the page of the list as docstring and its own arguments as signature; completions. Sends nothing by itself.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from inspect import Parameter
from typing import TYPE_CHECKING, Any, NoReturn

import pandas as pd

from procore_nb.catalog import Catalogue, Endpoint, load, search
from procore_nb.catalog.catalogue import OFTEN_USED
from procore_nb.client.connection import Connection
from procore_nb.errors import ArgumentError, CatalogError, NoAttributeError

if TYPE_CHECKING:
    from procore_nb.client.procore import Procore

_IDENTIFIER = "procore_nb.lists"
_METHODS = "table|frames|pages|records|record|count|estimate|endpoint"
_CALL = re.compile(
    rf"""(?P<owner>[A-Za-z_][\w.]*?)\.(?:lists\.(?P<attribute>\w*)
    |lists\[["'](?P<key>[^"']*)
    |(?:{_METHODS})\(\s*(?:["'](?P<name>[^"']*)|(?P<call>))
    |(?:lists\.(?P<list>\w+)\(|(?:{_METHODS})\(\s*["'](?P<table>[^"']+)["'],)(?:[^()]|\([^()]*\))*?(?P<argument>\b[a-z]\w*|(?<=[(,\s]))
    |(?P<member>\w*))$""",
    re.VERBOSE,
)
_SEARCH = re.compile(r"""find_endpoints\(\s*["'](?P<name>[^"']*)$""")
_SHOWN_FIRST = ("company_id", "project_id")  # options of every list, named once


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
    names = [endpoint.name for endpoint in catalogue.endpoints]
    known = {*names, *(alias for endpoint in catalogue.endpoints for alias in endpoint.aliases)}
    return list(dict.fromkeys([*(name for name in OFTEN_USED if name in known), *names]))


def signature_of(endpoint: Endpoint) -> inspect.Signature:
    """Return the signature of one list: its target, then what it takes by name."""
    argument_names = [argument.name for argument in endpoint.arguments if argument.name not in _SHOWN_FIRST]
    names = ["project_id", "projects", *argument_names] if "project_id" in endpoint.needed else argument_names
    names = [*names, "company_id", "max_rows", "columns", "decimals"]
    if endpoint.parents:
        names.insert(0, "parent")
    kinds = {"target": Parameter.POSITIONAL_ONLY}
    names = [name for name in dict.fromkeys(["target", *names]) if name.isidentifier()]
    parameters = [Parameter(name, kinds.get(name, Parameter.KEYWORD_ONLY), default=None) for name in names]
    return inspect.Signature(parameters, return_annotation=pd.DataFrame)


def register_completion() -> None:
    """Let the running IPython complete here, once: it neither looks through a property nor into the text of an argument."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    known = getattr(getattr(shell, "Completer", None), "custom_matchers", None)
    if shell is None or known is None:
        return
    if any(getattr(matcher, "matcher_identifier", "") == _IDENTIFIER for matcher in known):
        return
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher(identifier=_IDENTIFIER)  # type: ignore[untyped-decorator]
    def matcher(context: Any) -> dict[str, Any]:
        fragment, offered = completions(context.full_text[: context.cursor_position], shell.user_ns)
        kind = "param" if offered and offered[0].endswith("=") else "function"
        shown = [SimpleCompletion(text=text, type=kind) for text in offered]
        suppress = bool(shown) and kind == "function"
        return {"completions": shown, "matched_fragment": fragment, "ordered": True, "suppress": suppress}

    known.append(matcher)


def completions(text: str, names: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the last word before the cursor and what it may become; nothing outside calls of a connection."""
    call = _CALL.search(text)
    owner = _value(call["owner"], names) if call else None
    if call is None or not isinstance(owner, Connection):
        search_call = _SEARCH.search(text)
        return (search_call["name"], _names(load(), search_call["name"])) if search_call else ("", [])
    parts = call.groupdict()
    if parts["argument"] is not None:
        return parts["argument"], _arguments(owner, parts["list"] or parts["table"], parts["argument"])
    if parts["member"] is not None:
        return parts["member"], [name for name in dir(owner) if name.startswith(parts["member"])]
    if parts["call"] is not None:
        return "", [f'"{name}"' for name in list_names(owner.catalogue)]
    word = next(parts[each] for each in ("attribute", "key", "name") if parts[each] is not None)
    return word, _names(owner.catalogue, word)


def _names(catalogue: Catalogue, word: str) -> list[str]:
    """Return the names that begin with a word, most used first; where none does, those that searching finds."""
    beginning = [name for name in list_names(catalogue) if name.startswith(word)]
    return beginning or [endpoint.name for endpoint in search.ranked(catalogue.endpoints, word)[0][:30]]


def _arguments(owner: Connection, name: str, word: str) -> list[str]:
    try:
        endpoint = owner.catalogue.endpoint(name)
    except CatalogError:
        return []
    return [f"{name}=" for name in [*signature_of(endpoint).parameters][1:] if name.startswith(word)]


def _value(path: str, names: dict[str, Any]) -> Any:
    """Return what a dotted name stands for, without calling anything of classes that are not ours."""
    first, *rest = path.split(".")
    value = names.get(first)
    for name in rest:
        value = vars(value).get(name) if hasattr(value, "__dict__") else None
    return value
