"""`attrs["procore"]` is written in one place, and each of its keys is explained in one table."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from procore_nb.frame_info import KEYS, describe

from .declared import ROOT

WRITES = re.compile(r"""attrs\[["']procore["']\]\s*\|?=(?!=)|attrs\.update|attrs\.setdefault""")


def test_the_page_on_frames_explains_every_key() -> None:
    page = (ROOT / "docs" / "frames.md").read_text(encoding="utf-8")
    table = page.partition("| key | what it says |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.M)
    assert sorted(key for key, _ in rows) == sorted(KEYS)


def test_one_room_writes_what_a_frame_says_of_itself() -> None:
    writers = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "procore_nb").rglob("*.py")
        if WRITES.search(path.read_text(encoding="utf-8"))
    }
    assert writers == {"procore_nb/frame_info.py"}


def test_a_key_that_is_not_explained_is_refused_and_a_known_one_is_added() -> None:
    frame = describe(pd.DataFrame(), endpoint="rfis")
    with pytest.raises(TypeError, match="has no key place"):
        describe(frame, place="here")
    assert describe(frame, rows=0).attrs["procore"] == {"endpoint": "rfis", "rows": 0}
