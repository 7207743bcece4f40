"""Names for lists that have none yet, made from their paths in the manner of the names we have.

In: a path. Out: a name. Speaks to no service.
"""

from __future__ import annotations

import re
from collections.abc import Container

from procore_nb.catalog.paths import PLACEHOLDER, split
from procore_nb.near_match import plain, stem

_SILENT = frozenset({"index", "list", "all", "v2", "rest"})
_PLURAL = frozenset({"filter_options", "filters"})
_SHORT = {
    r"^checklist_lists?(_|s|$)": r"checklist\1",
    r"^workforce_planning_": "workforce_",
    r"^checklist$": "checklists",
}


def name_for(path: str, taken: Container[str]) -> str:
    """A name for the list at a path: `rfi_replies` for `/rest/v1.0/projects/{project_id}/rfis/{rfi_id}/replies`.

    A list whose name is taken has its version after it (`_v2_1`), so that no name changes its meaning;
    where that is taken too, what it belongs to stands before it (`company_`, `project_`).
    """
    version, parts = split(path)
    bare = _bare(parts)
    ending = plain(version)
    belongs = "project" if "projects" in parts else "company" if "companies" in parts else "all"
    whole = plain("_".join(part.strip("{}") for part in parts))
    choices = [
        bare,
        f"{bare}_{ending}",
        f"{belongs}_{bare}",
        f"{belongs}_{bare}_{ending}",
        f"{whole}_{ending}",
    ]
    return next(choice for choice in choices if choice not in taken)


def kind_for(path: str) -> str:
    """`lookup`, `recycled`, `history` or `ids` where the path says so, else `data`."""
    last = plain(path.rsplit("/", 1)[-1])
    if "recycle_bin" in path:
        return "recycled"
    if "filter_options" in path or re.search(
        r"(_options|potential_(?!change_order)|possible_|available_|assignable_)", last
    ):
        return "lookup"
    if re.search(r"(change_)?histor(y|ies)$", last):
        return "history"
    return "ids" if last == "ids" else "data"


def _bare(parts: tuple[str, ...]) -> str:
    words: list[str] = []
    recycled = False
    for at, part in enumerate(parts):
        after = parts[at + 1] if at + 1 < len(parts) else ""
        if part == "recycle_bin":
            recycled = True
        elif PLACEHOLDER.match(part) or (part in ("companies", "projects") and PLACEHOLDER.match(after)):
            continue
        elif plain(part) not in _SILENT or not words:
            words.append(plain(part))
    words = words or [plain(parts[0])]
    name = ""
    for word in words[:-1]:
        name = _joined(name, word if word in _PLURAL else stem(word))
    name = _joined(name, words[-1])
    for long, short in _SHORT.items():
        name = re.sub(long, short, name)
    return f"{name}_recycled" if recycled else name


def _joined(head: str, tail: str) -> str:
    """Two names as one, without saying a shared word twice: `action_plan` and `plan_items`."""
    if not head:
        return tail
    words = head.split("_")
    for start in range(len(words)):
        shared = "_".join(words[start:])
        if tail == shared or tail.startswith(f"{shared}_"):
            return "_".join([*words[:start], tail])
    return f"{head}_{tail}"
