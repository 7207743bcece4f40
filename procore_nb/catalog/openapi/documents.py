"""The files of an OpenAPI reference, read: several files of one reference, and references from one file to another.

In: paths of JSON files. Out: documents in which every reference is inside the document itself. Speaks to no service.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from procore_nb.errors import CatalogError

_ADVICE = "Download Procore's OpenAPI document as JSON and name that file."
_OTHERS = "x-other-files"  # where the content of another file stands in a document that refers to it


def read_document(path: str | Path) -> Mapping[str, Any]:
    """An OpenAPI document from its file, with what it refers to in other files beside it."""
    document = _json(Path(path))
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise CatalogError(
            f"The document {str(path)!r} has no paths: it is no OpenAPI document.", advice=_ADVICE
        )
    others: dict[str, Any] = {}
    bundled = _inlined(document, Path(path), "", others)
    return {**bundled, _OTHERS: others} if others else document


def _json(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes().removeprefix(codecs.BOM_UTF8))
    except OSError as error:
        raise CatalogError(f"The document {str(path)!r} cannot be read: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise CatalogError(f"The document {str(path)!r} is not JSON: {error}.", advice=_ADVICE) from error


def _inlined(node: Any, file: Path, root: str, others: dict[str, Any]) -> Any:
    """A node whose references to other files lead into `others`; `root` is where its own file stands there."""
    if isinstance(node, list):
        return [_inlined(one, file, root, others) for one in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if not isinstance(reference, str) or "://" in reference:
        return {key: _inlined(value, file, root, others) for key, value in node.items()}
    name, _, inside = reference.partition("#")
    if not name:
        return {**node, "$ref": f"#{root}{inside}"}
    other = (file.parent / name).resolve()
    key = str(other).replace("~", "~0").replace("/", "~1")
    place = f"/{_OTHERS}/{key}"
    if str(other) not in others:
        others[str(other)] = {}  # a file may refer back to one that is being read
        others[str(other)] = _inlined(_json(other), other, place, others)
    return {**node, "$ref": f"#{place}{inside}"}
