"""How memory and time grow when many lists are walked over many projects in the generator form.

Run as a script: `python -m tests.benchmarks.portfolio [projects]`. The demo serves in a process of its own; each size is
walked in a fresh process, which tells its highest memory. Memory should stay flat, time should grow with the requests.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
import warnings

from tests.benchmarks.projects import connection, served

LISTS = [
    "rfis",
    "submittals",
    "punch_items",
    "observation_items",
    "checklists",
    "incidents",
    "drawing_revisions",
    "specification_sections",
    "locations",
    "change_events",
    "prime_contracts",
    "work_order_contracts",
    "purchase_order_contracts",
    "budget_views",
    "project_users",
    "project_tools",
    "project_dates",
    "schedule_tasks",
    "coordination_issues",
    "daily_log_headers",
]


def walk(url: str, projects: int) -> None:
    """Walk all lists over so many projects and print what it took."""
    warnings.simplefilter("ignore")
    procore = connection(url)
    chosen = procore.projects(status="All").head(projects)
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, rows, requests = time.perf_counter(), 0, 0
    for name in LISTS:
        for frame in procore.frames(name, projects=chosen):
            rows += len(frame)
            requests += frame.attrs["procore"]["requests"]
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"rows": rows, "requests": requests, "seconds": seconds, "start": start, "peak": peak}))


def main(most: int) -> None:
    """A tenth of the projects, then all of them."""
    with served("--projects", str(most)) as url:
        told = []
        for projects in (most // 10, most):
            command = [sys.executable, "-m", "tests.benchmarks.portfolio", url, str(projects)]
            one = json.loads(
                subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
            )
            told.append(one)
            print(
                f"{projects:>6,} projects x {len(LISTS)} lists: {one['requests']:,} requests, {one['rows']:,} rows, "
                f"{one['seconds']:.0f} s, peak {one['peak'] / 1024:,.0f} MB (start {one['start'] / 1024:,.0f} MB)"
            )
        small, large = told
        print(
            f"ten times the projects: {large['peak'] / small['peak']:.2f} x the memory, "
            f"{large['seconds'] / large['requests'] / (small['seconds'] / small['requests']):.2f} x the time a request"
        )


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].startswith("http"):
        walk(sys.argv[1], int(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 1000)
