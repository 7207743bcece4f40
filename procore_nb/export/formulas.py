"""Text that a spreadsheet would run as a formula, defused with an apostrophe, and the way back.

In: text. Out: text. Speaks to no service. The signs are those of
https://owasp.org/www-community/attacks/CSV_Injection, wide ones included.
"""

from __future__ import annotations

import re

_SIGNS = r"[=+\-@\t\r\n＝＋－＠]"
_FORMULA = re.compile(rf"'*{_SIGNS}")
_DEFUSED = re.compile(rf"'+{_SIGNS}")


def defused(text: str) -> str:
    """Text that a spreadsheet would take for a formula, with an apostrophe before it."""
    return f"'{text}" if _FORMULA.match(text) else text


def armed(text: str) -> str:
    """The text as it was before it was defused."""
    return text[1:] if _DEFUSED.match(text) else text
