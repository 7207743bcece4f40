"""Measure the maps: files, first pictures, panning. Run by hand: `python tests/benchmarks/maps.py`.

Prints one table per kind of map. Pages are opened from disk in headless Chromium in which no host is known.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from browser.chromium import ARGUMENTS, find_chromium
from maps.frames import projects

from procore_nb.maps import check_coordinates, map_projects, plot_projects

COUNTS = (1_000, 10_000, 100_000)
GROUPS = ("lower48", "canada", "isles", "gulf", "australia")
COUNT_FRAMES = """() => {
  window.frames_ = 0; window.longest_ = 0;
  let last = performance.now();
  const step = () => {
    const now = performance.now();
    window.longest_ = Math.max(window.longest_, now - last);
    last = now;
    window.frames_ += 1;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""


def seconds(work: Callable[[], Any], times: int = 3) -> float:
    """Median time of some runs."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def pan(page: Any) -> tuple[float, float]:
    """Drag across the map for a while: frames a second, and the longest pause in ms."""
    page.evaluate(COUNT_FRAMES)
    page.mouse.move(900, 600)
    page.mouse.down()
    start, before = time.perf_counter(), page.evaluate("window.frames_")
    for step in range(90):
        page.mouse.move(900 - step * 8, 600 - step * 3)
    taken, after = time.perf_counter() - start, page.evaluate("window.frames_")
    page.mouse.up()
    return (after - before) / taken, page.evaluate("window.longest_")


def measure_page(browser: Any, file: Path) -> dict[str, float]:
    """First picture, and panning: all in view, and zoomed into one region."""
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    start = time.perf_counter()
    page.goto(file.as_uri())
    page.wait_for_selector('.pnb-map[data-ready="true"]', timeout=60_000)
    first = time.perf_counter() - start
    whole = pan(page)
    page.focus(".pnb-canvas")
    page.keyboard.press("0")
    page.mouse.move(300, 360)
    for _ in range(10):
        page.mouse.wheel(0, -240)
    page.wait_for_timeout(500)
    close = pan(page)
    page.close()
    return {
        "first s": first,
        "fps": whole[0],
        "pause ms": whole[1],
        "fps close": close[0],
        "pause close ms": close[1],
    }


def main() -> None:
    """Print the tables."""
    from playwright.sync_api import sync_playwright

    frames = {count: projects(count, *GROUPS) for count in COUNTS}
    print("static            plot s   png s   judge s")
    for count, frame in frames.items():
        drawn = seconds(lambda frame=frame: plot_projects(frame))
        saved = seconds(
            lambda frame=frame: plot_projects(frame).figure.savefig(Path(tempfile.gettempdir()) / "m.png")
        )
        judged = seconds(lambda frame=frame: check_coordinates(frame))
        print(f"{count:>9,} {drawn:14.2f} {saved:7.2f} {judged:9.2f}")
    print("page      cluster   make s      MB  first s     fps  pause ms  fps close  pause close ms")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        for count, frame in frames.items():
            for cluster in ("auto", False):
                target = Path(folder) / f"{count}-{cluster}.html"
                made = seconds(lambda f=frame, c=cluster, t=target: map_projects(f, cluster=c).save(t), 1)
                runs = [measure_page(browser, target) for _ in range(3)]
                row = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
                size = target.stat().st_size / 1e6
                print(
                    f"{count:>9,} {cluster!s:>7} {made:8.2f} {size:7.2f} {row['first s']:8.2f} {row['fps']:7.0f} "
                    f"{row['pause ms']:9.0f} {row['fps close']:10.0f} {row['pause close ms']:15.0f}"
                )
        browser.close()


if __name__ == "__main__":
    main()
