"""A page for each of the most used lists: its question, its columns, what to mind, an example.

In: `lists.toml` (question, main columns, meanings) and the catalogue (types, filters, caveats). Out: Markdown in `docs/lists`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1]
FACTS: dict[str, Any] = tomllib.loads((DOCS / "lists.toml").read_text(encoding="utf-8"))
LISTS: dict[str, Any] = FACTS["lists"]


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("builder-inited", write_pages)
    app.connect("source-read", complete_index)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(app: Any) -> None:
    """Write the page of each list, where it differs from the one that is there."""
    for name in LISTS:
        path, text = DOCS / "lists" / f"{name}.md", page(name)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def complete_index(app: Any, name: str, source: list[str]) -> None:
    """The table of the lists under the words of `lists/index.md`, by Procore's tool."""
    if name != "lists/index":
        return
    rows = sorted((_endpoint(one).module, one) for one in LISTS)
    table = "\n".join(f"| {tool} | [{one}]({one}.md) | {LISTS[one]['question']} |" for tool, one in rows)
    contents = "\n".join(sorted(LISTS))
    source[0] += f"\n| tool | list | question |\n|---|---|---|\n{table}\n"
    source[0] += f"\n```{{toctree}}\n:hidden:\n\n{contents}\n```\n"


def page(name: str) -> str:
    """One list as Markdown."""
    from procore_nb import to_frame

    endpoint, facts = _endpoint(name), LISTS[name]
    types = to_frame([], endpoint=name).dtypes
    main = [f"| `{column}` | {types[column]} | {_meaning(name, column)} |" for column in facts["columns"]]
    mind = [f"- {note}" for note in [*facts.get("notes", []), *endpoint.caveats]]
    every = [f"| `{column}` | {dtype} |" for column, dtype in types.items()]
    also = [one for one in endpoint.aliases if not one.endswith(("_v1_0", "_v1_1", "_v2_0"))]
    parts = [
        f"# {name}",
        facts["question"],
        f"```python\n{example(name)}\n```",
        f"Procore's tool: {endpoint.module}. Source: `GET {endpoint.path}`."
        + (f" Also called {', '.join(f'`{one}`' for one in also)}." if also else ""),
        "## Columns to begin with",
        "\n".join(["| column | dtype | meaning |", "|---|---|---|", *main]),
        *(["## What to mind", "\n".join(mind)] if mind else []),
        *(["## Filters", ", ".join(f"`{one}`" for one in endpoint.filters)] if endpoint.filters else []),
        f":::{{dropdown}} All {len(types)} columns\n\n| column | dtype |\n|---|---|\n"
        + "\n".join(every)
        + "\n:::",
    ]
    return "\n\n".join(parts) + "\n"


def example(name: str) -> str:
    """Lines that fetch the list from the demo."""
    endpoint = _endpoint(name)
    lines = ["import procore_nb as pnb", "", 'procore = pnb.connect("demo")']
    if any("project_id" in group and "company_id" not in group for group in endpoint.needs):
        lines.append("few = procore.projects().head(3)")
        target = ", few"
    else:
        target = ""
    for _, (parent, *_others) in endpoint.parent_pairs:
        lines.append(f'parents = procore.table("{parent}"{target}).head(5)')
        target = ", parents"
    if endpoint.date_default:
        target += ', start="2026-06-01", end="2026-06-07"'
    return "\n".join([*lines, f'frame = procore.table("{name}"{target})'])


def _endpoint(name: str) -> Any:
    from procore_nb.catalog import load

    return load().endpoint(name)


def _meaning(name: str, column: str) -> str:
    return str(LISTS[name].get("means", {}).get(column) or FACTS["columns"][column])
