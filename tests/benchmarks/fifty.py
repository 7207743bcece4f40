"""A small server of 50 projects with 120 RFIs each, for the benchmark beside it: `python -m tests.benchmarks.fifty 0.15`.

Prints its address, then serves until it is ended. Every question takes the latency given, in seconds.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

from tests.another_procore import AnotherProcore, Asked, Said


def rfi(project: int, number: int) -> dict[str, Any]:
    """One RFI, about as wide as Procore's."""
    person = {"id": 500 + number % 7, "login": f"p{number % 7}@example.com", "name": f"Person {number % 7}"}
    return {
        "id": project * 1000 + number,
        "number": str(number),
        "full_number": f"RFI-{number}",
        "subject": f"Clarify detail {number} of sheet A-{number % 40}",
        "status": "open" if number % 3 else "closed",
        "created_by": person,
        "assignee": person,
        "assignees": [person],
        "ball_in_court": person,
        "cost_impact": {"status": "yes_known", "value": 1250.5},
        "schedule_impact": {"status": "no", "value": None},
        "created_at": "2026-03-02T09:30:00Z",
        "updated_at": "2026-04-02T09:30:00Z",
        "due_date": "2026-03-16",
        "location": {"id": 7, "name": "Level 2", "node_name": "Level 2", "parent_id": None},
        "questions": [{"id": number, "body": "How is the flashing fixed at the parapet?", "answers": []}],
        "custom_fields": {"custom_field_1": {"data_type": "string", "value": f"text {number}"}},
    }


def main(latency: float) -> None:
    """Serve until ended."""

    def wait(asked: Asked) -> Said | None:
        time.sleep(latency)
        return None

    lists: dict[str, list[Any]] = {
        f"/rest/v1.0/projects/{project}/rfis": [rfi(project, number) for number in range(120)]
        for project in range(1, 51)
    }
    lists["/rest/v2.0/companies/4711/custom_field_definitions"] = [{"id": 1, "label": "Remark"}]
    with AnotherProcore(lists, twist=wait) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main(float(sys.argv[1]))
