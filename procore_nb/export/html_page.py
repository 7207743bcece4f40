"""One HTML file that holds everything and asks no host: the head that all our pages share.

In: a title, a body, the page's own style and script. Out: the text of a page. Speaks to no service. The content-security
policy allows exactly this style and script, by their hashes, and the named source of pictures; the caller escapes the body.
"""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape

# Control characters and half surrogates are not allowed in HTML.
NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def html_page(
    title: str, body: str, *, style: str, script: str = "", images: str = "'none'", body_class: str = ""
) -> str:
    """Return a whole page; `images` is the source of pictures in the words of the policy."""
    scripts = f"script-src '{_hash(script)}'; " if script else ""
    policy = (
        f"default-src 'none'; {scripts}style-src '{_hash(style)}'; img-src {images}; "
        "base-uri 'none'; form-action 'none'"
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="strict-origin-when-cross-origin">
<title>{html_text(title)}</title>
<style>{style}</style>
</head>
<body class="{body_class}">
{body}
{f'<script type="module">{script}</script>' if script else ""}
</body>
</html>
"""


def html_text(text: object) -> str:
    """Return text as it may stand in a page, whatever it holds."""
    return escape(NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", str(text)))


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()
