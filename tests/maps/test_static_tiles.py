"""Tiles below a static map: only from the server chosen, credited only when shown, outlines where they fail."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from procore_nb.errors import ArgumentError
from procore_nb.maps import plot_projects

mpl.use("agg")
SITES = pd.DataFrame({"latitude": [51.5, 53.5], "longitude": [-0.12, -2.2], "name": ["a", "b"]})


@pytest.fixture
def server() -> Iterator[Any]:
    """A tile server on loopback: each tile's grey tells its column; `asked` holds the paths, `fails` what is refused."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            running.asked.append((self.path, self.headers["User-Agent"]))
            if re.search(running.fails, self.path):
                self.send_error(503)
                return
            column = int(self.path.split("/")[2])
            data = io.BytesIO()
            Image.new("RGB", (256, 256), (column % 2 * 200, 120, 90)).save(data, "PNG")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(data.getvalue())

        def log_message(self, *_: Any) -> None:
            pass

    running: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.asked, running.fails = [], "^never$"
    running.address = f"http://127.0.0.1:{running.server_port}/{{z}}/{{x}}/{{y}}.png"
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def said(ax: Any) -> str:
    return " ".join(text.get_text() for text in ax.texts).replace("\n", " ")


def test_tiles_lie_where_they_belong_and_are_credited(server: Any) -> None:
    ax: Any = plot_projects(SITES, basemap=server.address, attribution="Example Maps")

    assert len(ax.images) == len(server.asked) <= 48
    assert "Tiles: Example Maps." in said(ax)
    assert "could not" not in said(ax)
    zoom, column, row = map(int, re.findall(r"\d+", server.asked[0][0]))
    west, _, _, north = ax.images[0].get_extent()
    view_lon = column / 2**zoom * 360 - 180
    # The middle of the points is the middle of the projection; longitudes are even there.
    middle = (SITES["longitude"].min() + SITES["longitude"].max()) / 2
    latitude = (SITES["latitude"].min() + SITES["latitude"].max()) / 2
    assert west == pytest.approx((view_lon - middle) * 111.195 * np.cos(np.radians(latitude)), abs=0.5)
    top = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * row / 2**zoom))))
    assert north == pytest.approx((top - latitude) * 111.195, abs=8)
    assert all("procore_nb" in agent for _, agent in server.asked)


@pytest.mark.slow
def test_tiles_that_fail_are_counted_and_the_outlines_stay(server: Any) -> None:
    ax: Any = plot_projects(SITES, basemap=server.address)
    server.fails = re.escape(server.asked[1][0])
    before, server.asked = len(server.asked), []
    ax = plot_projects(SITES, basemap=server.address)

    assert f"1 of {before} tiles of 127.0.0.1 could not be loaded" in said(ax)
    assert len(ax.images) == before - 1
    assert len(server.asked) == before + 1  # it was tried again once


def test_a_server_that_gives_nothing_is_not_credited_and_soon_left_alone(server: Any) -> None:
    server.fails = "."
    ax: Any = plot_projects(SITES, basemap=server.address, attribution="Example Maps")

    assert "Example Maps" not in said(ax)
    assert re.search(r"(\d+) of \1 tiles", said(ax))
    assert len(server.asked) == 2
    assert ax.collections


def test_an_unusable_server_is_refused_before_anything_is_drawn() -> None:
    with pytest.raises(ArgumentError, match="basemap='google' is not known"):
        plot_projects(SITES, basemap="google")
