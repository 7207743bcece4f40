"""Write any script on a picture as far as the fonts of this machine can.

In: text. Out: text that the fonts can draw, and the fonts to use. Speaks to no service.
"""

from __future__ import annotations

from functools import lru_cache

# Fonts that, where installed, bring what the usual one lacks.
MORE_FONTS = (
    "Noto Sans", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Naskh Arabic", "Noto Sans Arabic", "Noto Sans Hebrew",
    "Noto Sans Devanagari", "Noto Sans Thai", "Arial Unicode MS", "Segoe UI", "Segoe UI Symbol", "Microsoft YaHei",
    "PingFang SC", "Hiragino Sans", "Arial", "Tahoma",
)  # fmt: skip
MISSING = "\N{WHITE VERTICAL RECTANGLE}"


@lru_cache(maxsize=1)
def families() -> tuple[str, ...]:
    """DejaVu Sans (comes with matplotlib), then what is installed."""
    from matplotlib import font_manager

    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return ("DejaVu Sans", *(name for name in MORE_FONTS if name in installed))


def drawable(text: str) -> str:
    """The text on one line, with a box for each character that no font can draw."""
    line = " ".join(str(text).split())
    if line.isascii():
        return line if line.isprintable() else "".join(c for c in line if c.isprintable())
    return "".join(
        c if c.isascii() or ord(c) in _characters() else MISSING for c in line if c not in "\u200d\ufe0f"
    )


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    from matplotlib import font_manager

    known: set[int] = set()
    for family in families():
        path = font_manager.findfont(family, fallback_to_default=True)
        known |= set(font_manager.get_font(path).get_charmap())
    return frozenset(known)
