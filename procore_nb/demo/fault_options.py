"""Faults in words, as a command line or a settings file gives them.

In: texts such as "busy=2@10%". Out: `Faults`, or an error that says how a fault is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from procore_nb.demo.faults import KINDS, Faults
from procore_nb.errors import ArgumentError

_FAULT = re.compile(r"(?P<kind>[a-z_]+)(=(?P<value>\d+(\.\d+)?))?(@(?P<when>[\d.,+%]+))?")
_HOW = "Write KIND, KIND=VALUE or KIND=VALUE@WHEN; WHEN is 3, 2,5 (these requests), 4+ (the fourth and later) or 10%."


def read_faults(texts: Iterable[str]) -> Faults:
    """Faults of texts, one fault each.

    Parameters
    ----------
    texts
        KIND, KIND=VALUE, KIND@WHEN or KIND=VALUE@WHEN. WHEN is the number of an API request (`3`), several (`2,5`), one
        and all later ones (`4+`) or a share of the requests (`10%`); without it the fault befalls every request.

    Raises
    ------
    ArgumentError
        If a text is not a fault.

    Examples
    --------
    >>> from procore_nb.demo import DemoRequest
    >>> faults = read_faults(["slow=0.5", "revoked@3"])
    >>> [fault.kind for fault in faults.at(3, DemoRequest("GET", "/"))]
    ['slow', 'revoked']
    """
    faults = Faults()
    for text in texts:
        faults = _with_one(faults, text)
    return faults


def _with_one(faults: Faults, text: str) -> Faults:
    found = _FAULT.fullmatch(text.strip())
    if found is None:
        raise ArgumentError(f"{text!r} is not a fault.", advice=_HOW)
    kind, when = found["kind"], found["when"]
    if kind not in KINDS:
        raise ArgumentError(f"No fault is called {kind!r}.", advice=f"There are {', '.join(KINDS)}.")
    value = float(found["value"]) if found["value"] else None
    if when is None:
        return faults.always(kind, value)
    if re.fullmatch(r"\d+(\.\d+)?%", when) and float(when[:-1]) <= 100:
        return faults.sometimes(float(when[:-1]) / 100, kind, value)
    if re.fullmatch(r"[1-9]\d*\+", when):
        return faults.after(int(when[:-1]) - 1, kind, value)
    if re.fullmatch(r"[1-9]\d*(,[1-9]\d*)*", when):
        return faults.on(tuple(int(number) for number in when.split(",")), kind, value)
    raise ArgumentError(f"{text!r} does not say when: {when!r}.", advice=_HOW)
