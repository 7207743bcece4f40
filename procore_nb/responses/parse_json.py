"""JSON as services really send it: every value exact, and one bad character costs no list. Pure.

In: the bytes of a body. Out: the value, and how many characters of it could not be read; `ValueError` where it is not JSON.

orjson reads nearly every body, and refuses or rounds the rest: a byte-order mark, a byte that is not UTF-8, half of a
surrogate pair, integers past 64 bits and decimals of more digits than a float holds. Those bodies are read again, slower.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

# A float holds 15 to 17 digits, a 64-bit integer 19 or 20. One pass in C tells whether there is any such long number, at a
# sixth of the time orjson takes; looking with a regular expression takes longer than the reading itself.
_DIGITS = bytes.maketrans(b"0123456789.", b"0" * 11)
_LONG = b"0" * 17
_LONG_NUMBER = re.compile(rb"(?<=[:,\[\s])-?[0-9][0-9.]{16,}(?:[eE][+-]?[0-9]+)?")
_LONGEST_INTEGER = 4_000  # digits; Python refuses to convert more than 4,300, as that takes quadratic time
_ESCAPE = re.compile(
    r"\\(?:u[dD][89aAbB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
# The usual stranger is one value pasted from an old program: Windows-1252, of which Latin-1 is nearly all.
_NOT_IN_1252 = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
_WINDOWS_1252 = {
    0xDC00 + byte: bytes([byte]).decode("latin-1" if byte in _NOT_IN_1252 else "cp1252")
    for byte in range(0x80, 0x100)
}
_UNREADABLE = "\ufffd"


@dataclass(frozen=True)
class ParsedJson:
    """A JSON value. `unreadable` is how many characters were guessed (not UTF-8) or lost (half a surrogate pair)."""

    value: Any
    unreadable: int = 0


def parse_json(body: bytes) -> ParsedJson:
    """Return the value of a JSON body.

    Integers keep every digit. A decimal that no float holds exactly is a `decimal.Decimal`; numbers too long even for
    Python to convert are their text. Bytes that are not UTF-8 are read as Windows-1252, half a surrogate pair as U+FFFD.
    """
    if not _needs_exact_numbers(body):
        try:
            return ParsedJson(orjson.loads(body))
        except orjson.JSONDecodeError:
            pass  # read again below: the reason may be a single character
    text, unreadable = _decode(body)
    try:
        value = json.loads(
            text, parse_int=_integer, parse_float=_decimal, parse_constant=_no_constant, strict=False
        )
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return ParsedJson(value, unreadable)


def _needs_exact_numbers(body: bytes) -> bool:
    if _LONG not in body.translate(_DIGITS):
        return False
    return any(_is_rounded(found[0].decode()) for found in _LONG_NUMBER.finditer(body))


def _is_rounded(number: str) -> bool:
    """Return whether orjson would change the value of a number."""
    if number.lstrip("-").isdigit():
        return len(number) > 20 or not -(2**63) <= int(number) < 2**64
    return isinstance(_decimal(number), Decimal)


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST_INTEGER else text


def _decimal(text: str) -> float | Decimal | str:
    """Return a float where it has the value that is written, else the exact decimal."""
    try:
        number = float(text)
        if len(text) <= 16 and "e" not in text and "E" not in text:
            return number
        exact = Decimal(text)
        return number if Decimal(repr(number)) == exact else exact
    except (InvalidOperation, ValueError):  # an exponent past what a Decimal takes
        return text


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _decode(body: bytes) -> tuple[str, int]:
    """Return the text of a body without byte-order mark, and how many characters of it are not certain."""
    unreadable = 0
    try:
        text = body.decode(json.detect_encoding(body), "surrogatepass")
    except UnicodeDecodeError:
        text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
        unreadable = len(re.findall("[\udc80-\udcff]", text))
        text = text.translate(_WINDOWS_1252)
    halves = sum(found[1] is not None for found in _ESCAPE.finditer(text))
    text = _ESCAPE.sub(lambda found: found[0] if found[1] is None else _UNREADABLE, text)
    text, more = re.subn("[\ud800-\udfff]", _UNREADABLE, text)
    return text, unreadable + halves + more
