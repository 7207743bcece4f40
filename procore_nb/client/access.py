"""What a company administrator has to grant so that lists can be read, in words to send.

In: lists of the catalogue, and a connection. Out: a frame of tools, and a text. Sends nothing. The tools are those of Procore's
reference, which names no permission for a list; that Read Only is enough is a rule, and said to be one. Sources:
https://developers.procore.com/documentation/developer-managed-service-accounts and
https://developers.procore.com/documentation/tutorial-user-permissions
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from procore_nb.catalog import Endpoint
from procore_nb.client.parameters import own_or_shipped
from procore_nb.errors import ArgumentError
from procore_nb.frame_info import describe

if TYPE_CHECKING:
    from procore_nb.client.connection import Connection

_LEVEL = "Read Only"
_BY_RULE = "Tool: Procore's reference. Permission: by rule, the reference names none."
_NOT_SAID = "Procore's reference does not say which tool this belongs to."


class AccessRequest(NamedTuple):
    """What to ask an administrator for: a frame of tools, and a text to send."""

    frame: pd.DataFrame
    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


def access_request(procore: Connection, names: str | Iterable[str]) -> AccessRequest:
    wanted = [procore.catalogue.endpoint(name) for name in ([names] if isinstance(names, str) else names)]
    if not wanted:
        raise ArgumentError(
            "access_request needs the names of lists.", advice='For example ["rfis", "incidents"].'
        )
    lists: dict[tuple[str, str], list[str]] = {}
    for one in dict.fromkeys(each for endpoint in wanted for each in _needed(procore, endpoint)):
        level = "project" if one.scope == "project" else "company"
        lists.setdefault((level, one.module), []).append(one.name)
    rows = [
        (level, tool or None, _LEVEL if tool else None, ", ".join(held), _BY_RULE if tool else _NOT_SAID)
        for (level, tool), held in sorted(lists.items(), key=lambda item: item[0][0])
    ]
    frame = pd.DataFrame(rows, columns=["level", "tool", "permission", "lists", "basis"], dtype="string")
    letter = resources.files("procore_nb.client") / "access_request.txt"
    text = letter.read_text("utf-8").format(
        client=procore.session.client_id or "(see the app's page on developers.procore.com)",
        company="(its number)" if procore.company_id is None else procore.company_id,
        environment=procore.environment.name,
        level=_LEVEL,
        tools="\n".join(_lines(frame)),
    )
    about = {"environment": procore.environment.name, "company_id": procore.company_id, "rows": len(frame)}
    return AccessRequest(describe(frame, **about), text)


def _needed(procore: Connection, endpoint: Endpoint) -> Iterable[Endpoint]:
    """Yield what has to be read for a list: the projects, the lists of its further ids, labels of custom fields, itself."""
    if endpoint.scope == "project":
        yield own_or_shipped(procore.catalogue, "projects")
    for names in endpoint.parents.values():
        yield from (own_or_shipped(procore.catalogue, name) for name in names)
    if any(one.name.startswith("custom_fields") for one in endpoint.fields):
        yield own_or_shipped(procore.catalogue, "custom_field_definitions")
    yield endpoint


def _lines(frame: pd.DataFrame) -> Iterable[str]:
    for level, group in frame.groupby("level", sort=True):
        yield f"   {str(level).capitalize()} level:"
        for tool, permission, lists in zip(group["tool"], group["permission"], group["lists"], strict=True):
            known = "a tool that Procore's reference does not name"
            known = f"{tool}: {permission}" if isinstance(tool, str) else known
            yield f"   - {known} (for {lists})"
