"""What the Tab key offers in IPython and Jupyter: names of lists and their arguments, the most used first.

In: the text before the cursor and the variables of the notebook. Out: completions. Sends nothing. IPython by itself neither
looks through a property nor into the text of an argument: it asks this matcher.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from procore_nb.catalog import Catalogue, load, search
from procore_nb.client.connection import Connection
from procore_nb.client.lists import list_names, signature_of
from procore_nb.errors import CatalogError

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


def register() -> None:
    """Let the running IPython ask for completions here, once."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    known = getattr(getattr(shell, "Completer", None), "custom_matchers", None)
    if (
        shell is None
        or known is None
        or any(getattr(one, "matcher_identifier", "") == _IDENTIFIER for one in known)
    ):
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
