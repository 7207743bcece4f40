"""The compiler of catalogues: Procore's OpenAPI documents in, a catalogue file out. One entry point: `build_file`.

In: documents as a user downloads them from Procore's developer site. Out: a catalogue. Speaks to no service.
"""

from __future__ import annotations

from procore_nb.catalog.openapi.compile import build_file

__all__ = ["build_file"]
