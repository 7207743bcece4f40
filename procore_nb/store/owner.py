"""Whose tables a store holds: one environment's, one company's; another one's are refused.

In: a connection. Out: words, or nothing. Speaks to the file system through `files`.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from procore_nb.environments import is_loopback
from procore_nb.errors import ArgumentError, OutputError
from procore_nb.store.files import Files
from procore_nb.store.strategy import Source

NAME = "_store.json"
FORMAT = 1


def read_identity(files: Files) -> dict[str, Any] | None:
    """What a store says about itself; None for a new one.

    Raises
    ------
    OutputError
        If it is of a later version, or unreadable.
    """
    data = files.read(NAME)
    if data is None:
        return None
    where = files.address(NAME)
    try:
        told = dict(orjson.loads(data))
        later = int(told["format"]) > FORMAT
    except (ValueError, KeyError, TypeError) as error:
        raise OutputError(f"{where} cannot be read.", advice="Is this folder a store?") from error
    if later:
        raise OutputError(f"{where} was written by a later version of procore_nb.", advice="Update this one.")
    return told


def check_identity(files: Files, procore: Source) -> None:
    """Refuse a connection to another environment or company than the store is of; a new store becomes this one's.

    Raises
    ------
    ArgumentError
        If it is another one, or the connection has no company.
    """
    if procore.company_id is None:
        raise ArgumentError(
            "A store is of one company, and none is set.", advice="Connect with company_id=…."
        )
    environment = procore.environment
    own = {
        "format": FORMAT,
        "environment": environment.name,
        "api_url": environment.api_url,
        "company_id": int(procore.company_id),
    }
    known = read_identity(files)
    if known is None:
        files.write(NAME, orjson.dumps(own, option=orjson.OPT_INDENT_2))
        return
    # A simulator of one's own has another port each time.
    same_host = known["api_url"] == own["api_url"] or (
        is_loopback(known["api_url"]) and is_loopback(environment.api_url)
    )
    if (
        known["environment"] != own["environment"]
        or known["company_id"] != own["company_id"]
        or not same_host
    ):
        raise ArgumentError(
            f"The store {files.address('')} holds tables of company {known['company_id']} in {known['environment']} "
            f"({known['api_url']}); this connection is to company {own['company_id']} in {own['environment']} "
            f"({own['api_url']}).",
            advice="Rows of two would mix: use another folder.",
        )


def folder_name(name: str) -> str:
    """The folder of a table: its name, with letters any file system takes."""
    return re.sub(r"[^A-Za-z0-9-]+", "_", name).strip("_") or "table"
