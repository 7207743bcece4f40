"""What stands where a widget stood when its notebook is read without a kernel: a small picture and a text table.

In: a widget's MIME bundle, a text, rows. Out: the bundle with `text/plain` and `image/png` beside the widget. Converters and
code hosts show the picture, terminals the text. Speaks to no service.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pandas as pd

VIEW = "application/vnd.jupyter.widget-view+json"
MOST_ROWS, MOST_COLUMNS, MOST_CHARACTERS = 10, 8, 28
_INK, _PAPER, _SIZE = "#20262B", "#FFFFFF", 13


class StaticView:
    """For widgets, before their class: their output holds a text and a picture of it too."""

    def static_text(self) -> str:
        """Return what is read where the widget cannot run; it stays in the notebook's file."""
        return static_text(repr(self))

    def _ipython_display_(self, **options: Any) -> None:
        """Display the view, and after it the style that shows the picture where JupyterLab finds no widget."""
        from IPython import display as outputs

        display: Any = outputs.display
        shown = self._repr_mimebundle_(**options)
        bundle, metadata = shown if isinstance(shown, tuple) else (shown, {})
        display(bundle, metadata=metadata, raw=True)
        if "model_id" in bundle.get(VIEW, {}):
            style = reopened_style(bundle[VIEW]["model_id"], bundle["image/png"])
            display({"text/html": style, "text/plain": ""}, raw=True)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        shown = super()._repr_mimebundle_(**options)  # type: ignore[misc]
        return beside_widget(shown, self.static_text())


class KernelAnswers:
    """For widgets, before their class: they answer the browser, which learns so that their kernel is still there."""

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.on_msg(_answer)  # type: ignore[attr-defined]


def _answer(widget: Any, content: Any, buffers: object) -> None:
    if isinstance(content, dict) and content.get("kind") == "still there?":
        widget.send({"kind": "still here"})


def kernel_watch() -> str:
    """Return the script that asks, for the widgets above."""
    return files("procore_nb").joinpath("kernel_watch.js").read_text(encoding="utf-8")


def static_text(title: str, rows: pd.DataFrame | None = None, total: int | None = None) -> str:
    """Return a title, and below it the first rows and columns of a frame, which may be part of `total` rows."""
    if rows is None or not rows.shape[1]:
        return f"{title}\nRun this cell to use it."
    part = rows.iloc[:MOST_ROWS, :MOST_COLUMNS]
    table = part.to_string(index=False, max_colwidth=MOST_CHARACTERS, na_rep="")
    total = len(rows) if total is None else total
    more = f"\nThe first {len(part)} of {total:,} rows." if total > len(part) else ""
    return f"{title}\n\n{table}{more}"


def beside_widget(shown: Any, text: str, picture: Callable[[], bytes] | None = None) -> Any:
    """Return what a widget shows, with a text and a picture (else one of the text) beside its view."""
    bundle, metadata = shown if isinstance(shown, tuple) else (shown, {})
    png = picture() if picture else text_picture(text)
    encoded = base64.b64encode(png).decode("ascii")
    return {**(bundle or {}), "text/plain": text, "image/png": encoded}, metadata


def reopened_style(name: str, png: str) -> str:
    """Return a style for the output above: without a kernel JupyterLab shows it as an error, and no other form of it."""
    width, height = (int.from_bytes(base64.b64decode(png[:44])[at : at + 4], "big") for at in (16, 20))
    mark = f".pnb-after-{name}"
    return (
        f"<i class='{mark[1:]}'></i><style>.jp-OutputArea-child:has({mark}) {{ display: none; }} "
        f".jp-OutputArea-child:has(+ .jp-OutputArea-child {mark}) .jupyter-widgets:not(:has(*), .jupyter-widgets *) {{ font-size: 0; width: {width}px; max-width: 100%; "
        f"height: {height}px; background: url(data:image/png;base64,{png}) no-repeat 0 / contain; }}</style>"
    )


def text_picture(text: str) -> bytes:
    """Return a PNG of a text in letters of one width."""
    from PIL import Image, ImageDraw

    font, measured = letters(), ImageDraw.Draw(Image.new("L", (1, 1)))
    _, _, right, bottom = map(int, measured.multiline_textbbox((12, 10), text, font=font))
    image = Image.new("RGB", (right + 12, bottom + 10), _PAPER)
    ImageDraw.Draw(image).multiline_text((12, 10), text, fill=_INK, font=font)
    return as_png(image, colors=16)


def letters(name: str = "DejaVuSansMono.ttf", size: int = _SIZE) -> Any:
    """Return a font of those that come with matplotlib."""
    from pathlib import Path

    from matplotlib import get_data_path
    from PIL import ImageFont

    return ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / name), size)


def as_png(image: Any, *, colors: int) -> bytes:
    """Return a picture as a small PNG of few colours."""
    from PIL import Image

    stream = io.BytesIO()
    # The method that keeps colours which few points have.
    image.quantize(colors, method=Image.Quantize.MAXCOVERAGE).save(stream, format="PNG")
    return stream.getvalue()
