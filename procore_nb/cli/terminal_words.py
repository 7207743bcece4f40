"""Advice that is written for Python, in the words of a terminal: `project_id=…` is `--project-id N`.

In: the text of an error or a warning. Out: the same without Python. Pure.
"""

from __future__ import annotations

import re

_OPTIONS = {
    "budget_view": "--set budget_view=NAME",
    "client_id": "PROCORE_CLIENT_ID",
    "client_secret": "PROCORE_CLIENT_SECRET",
    "company_id": "--company-id N",
    "end": "--end DATE",
    "environment": "--environment NAME",
    "max_rows": "--max-rows N",
    "max_wait_seconds": "--max-wait SECONDS",
    "parent": "--parent NAME",
    "profile": "--profile NAME",
    "project_id": "--project-id N",
    "projects": "--projects all",
    "since": "--since TIME",
    "start": "--start DATE",
    "workers": "--workers N",
}
_VALUE = r'(?:…|<[^>]*>|"[^"]*"|[\w.-]+)?'
_ARGUMENT = re.compile(rf"\b(?<!--set )([a-z]\w*)=({_VALUE})(?![\w=])")
# Sentences about a frame in memory, which a terminal has not.
_IN_MEMORY = re.compile(
    r"(; details in frame\.attrs\S+?(?=\.?(\s|$))|\s?[\d,]+ rows had come: error\.partial\.[^\n]*$| It takes: [^.]*\.)"
)
_CALLS = (
    (r"Choose in the frame: \w+\[(.*)\]\.", r"Write it with --csv and filter the file."),
    (r"A stage is chosen in the frame: \w+\[(.*)\]\.", r"Stages are filtered in the file that --csv writes."),
    (r'pnb\.connect\("([\w-]+)"\)', r"--environment \1"),
    (r"pass pnb\.Environment\([^()]*\)", "add --login-url URL and --api-url URL to a name of your own"),
    (
        r'projects is "all",.*? such as procore\.projects\(\)',
        "--projects takes all, active, inactive, or ids (whole numbers) with commas between; procore-nb projects shows the ids",
    ),
    (r', or keep frame\[frame\["\w+"\]\]', ""),
    (r'Keep frame\[frame\["(\w+)"\]\]', r"Write them with --csv and keep those that are \1"),
    (r"pnb\.connect\(([^()]*)\)", r"--environment \1"),
    (r"connect\(…, ([^()]*)\)", r"\1"),
    (r"(?:pnb\.)?find_endpoints\([^()]*\)", "procore-nb endpoints WORD"),
    (r'procore\.endpoint\("?([^"()]*)"?\)', r"procore-nb endpoints \1"),
    (r'procore\.projects\(status="All"\)', "procore-nb projects --status All"),
    (r"procore\.projects\(\)", "procore-nb projects"),
    (r"credentials=pnb\.Credentials\([^()]*\)", "other variables"),
    (r"parent=<frame of ([^>]*)>", r"--parent \1"),
)


def terminal_words(text: str) -> str:
    """Return a message as a person in a terminal can follow it."""
    text = _IN_MEMORY.sub("", text)
    for pattern, words in _CALLS:
        text = re.sub(pattern, words, text)
    return _ARGUMENT.sub(_option, text)


def _option(found: re.Match[str]) -> str:
    name, value = found[1], found[2].strip('"')
    known = _OPTIONS.get(name)
    if known is None:
        return f"--set {name}={value or 'VALUE'}".replace("…", "VALUE")
    option, _, placeholder = known.partition(" ")
    return f"{option} {value if value not in ('', '…') else placeholder}".rstrip()
