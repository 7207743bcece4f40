"""Write what docs/reports.md says of each report, from the report itself, and its picture: `python tools/show_reports.py`.

In: the docstrings, options and lists of the reports, and the demo. Out: the part of docs/reports.md below "The fourteen", and a
picture of each in `docs/images`.
"""

from __future__ import annotations

import sys
import textwrap
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import procore_nb as pnb  # noqa: E402

PAGE, IMAGES = ROOT / "docs" / "reports.md", ROOT / "docs" / "images"
HEAD = "## The fourteen\n"
_SUPPORT = "https://support.procore.com"
SOURCES = {
    "portfolio_health": f"Procore's [threshold values of the Health Dashboard]({_SUPPORT}/faq/what-are-the-threshold-values-for-the-portfolio-tools-health-dashboard).",
    "rfis": "Kaplan and Meier, 1958 (median and 90th percentile with open RFIs counted); Procore's RFI list (`initiated_at`, `time_resolved`, `current_revision`).",
    "submittals": f"Procore's [submittal reports]({_SUPPORT}/products/online/user-guide/project-level/submittals) (approver response without those of 40 days and more).",
    "changes": f"Procore's [change events]({_SUPPORT}/products/online/user-guide/project-level/change-events) and statuses of change orders.",
    "cost": f"Procore's [standard budget view]({_SUPPORT}/products/online/user-guide/project-level/budget).",
    "buyout": "common practice of contractors; Procore's commitments.",
    "wip": "percentage of completion, cost-to-cost (ASC 606-10-25); AIA G702 for what is billed.",
    "billing": "AIA G702: invoices are cumulative.",
    "safety": "OSHA 29 CFR 1904 (what is recordable: 1904.7), [incidence rates](https://www.bls.gov/iif/overview/soii-overview.htm): cases x 200,000 / hours; the industry's rate: Bureau of Labor Statistics, 2023.",
    "quality": "Procore's inspections and observations.",
    "punch": "Procore's punch list.",
    "manpower": "Procore's daily log.",
    "schedule": "Procore's schedule tasks (baseline).",
    "compliance": "Procore's insurance lists.",
}


def main() -> None:
    """Write the page, and draw the pictures."""
    PAGE.write_text(document(PAGE.read_text("utf-8")), "utf-8")
    warnings.simplefilter("ignore", pnb.ProcoreWarning)
    for report in pnb.reports.all_reports(
        pnb.connect("demo", progress=False), projects="all", progress=False
    ):
        keep(f"report-{report.name}", report.figures()[0])


def document(text: str) -> str:
    """Return the page with the part about the fourteen made anew."""
    before, _, _ = text.partition(HEAD)
    return before + HEAD + "".join(section(report) for report in pnb.reports.REPORTS.values())


def section(report: pnb.reports.ReportFunction) -> str:
    """Return what the page says of one report."""
    definitions = textwrap.fill(" ".join(report.definitions.split()), 158, break_on_hyphens=False)
    options = "; ".join(f"`{name}={value!r}`" for name, value in report.options.items())
    lists = ", ".join(f"`{use.name}`{' (if there)' if use.optional else ''}" for use in report.uses)
    return f"""
### {report.name}

*{report.question}*

{definitions}

![{report.title}, made of the demo](images/report-{report.name}.png)

Options: {options or "none of its own"}.  
Lists: {lists}.  
Source: {SOURCES[report.name]}
"""  # noqa: W291


def keep(name: str, figure: Any) -> None:
    """Write a PNG of few colours: small, and nobody sees the difference."""
    from PIL import Image

    drawn = BytesIO()
    figure.savefig(drawn, dpi=80)
    picture = Image.open(drawn).convert("RGB").quantize(64, method=Image.Quantize.MAXCOVERAGE)
    picture.save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
