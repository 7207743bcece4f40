"""`procore-nb demo` and `procore-nb serve-demo`: the embedded demo as a first job, and on a port for other clients.

In: parsed arguments. Out: a readable summary, `projects.csv`, `companies.csv` and maps in a folder; or a running server, on
this machine only, and what other clients need to use it.
"""

from __future__ import annotations

import argparse
import textwrap
import time
from pathlib import Path

import pandas as pd

from procore_nb.cli.output import as_text, write_map
from procore_nb.client import connect
from procore_nb.errors import ArgumentError, OutputError
from procore_nb.export import to_csv
from procore_nb.maps import check_coordinates
from procore_nb.progress import size_text

_COUNTRIES = {
    "US": "United States", "CA": "Canada", "GB": "United Kingdom", "IE": "Ireland", "AU": "Australia", "NZ": "New Zealand",
    "AE": "United Arab Emirates", "QA": "Qatar", "SA": "Saudi Arabia", "OM": "Oman", "KW": "Kuwait", "BH": "Bahrain",
}  # fmt: skip


def demo(args: argparse.Namespace) -> int:
    """Connect to the demo, fetch, print a summary, write the files and name them."""
    folder: Path = args.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be made: {error.strerror}.", advice="Choose another with --folder."
        ) from error
    with connect("demo", progress=False) as procore:
        companies = procore.companies()
        projects = procore.projects(status="All")
    company = companies.loc[companies["id"] == projects["company.id"].iloc[0], "name"].iloc[0]
    checked = check_coordinates(projects)
    print(
        f"Procore demo (made up): {company}, {len(projects):,} projects, {len(companies):,} companies visible\n"
    )
    for heading, table in _summaries(projects, checked):
        print(f"{heading}\n\n{textwrap.indent(as_text(table), '  ')}\n")
    title = f"{company}: projects by stage"
    written = [
        to_csv(projects, folder / "projects.csv"),
        to_csv(companies, folder / "companies.csv"),
        write_map(projects, folder / "projects-map.png", title=title),
        write_map(projects, folder / "projects-map.html", title=title),
    ]
    print("Written:")
    for path in written:
        print(f"  {path}  ({size_text(path.stat().st_size)})")
    print('\nIn a notebook: import procore_nb as pnb; pnb.connect("demo").projects()')
    return 0


def _summaries(projects: pd.DataFrame, checked: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    countries = projects["country_code"].map(lambda code: _COUNTRIES.get(code, code), na_action="ignore")
    left_out = checked[checked["verdict"] != "ok"]
    shown = left_out[["id", "name", "verdict", "reason"]]
    return [  # only the projects of one country have one currency, so that their values can be added up
        ("By stage", _by(projects, projects["project_stage.name"], "stage").drop(columns="total value")),
        ("By country, values in its own currency", _by(projects, countries, "country")),
        (f"On the map: {len(projects) - len(left_out):,} of {len(projects):,}. Left off, and why", shown),
    ]


def _by(projects: pd.DataFrame, key: pd.Series[str], name: str) -> pd.DataFrame:
    values = projects["total_value"].astype(float).groupby(key.fillna("(not given)"), sort=False)
    totals = values.sum().map(lambda value: f"{value / 1_000_000:,.1f} M")
    table = pd.DataFrame({"projects": values.size(), "total value": totals}).rename_axis(name).reset_index()
    return table.sort_values("projects", ascending=False)


def serve_demo(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C, and print what other clients need."""
    from procore_nb import demo

    if "list" in args.fault:
        for kind, meaning in demo.FAULT_KINDS.items():
            print(f"{kind:20} {meaning}")
        return 0
    for name in ("spike_limit", "hourly_limit", "token_lifetime"):
        if getattr(args, name) < 1:
            raise ArgumentError(f"--{name.replace('_', '-')} must be 1 or more.")
    if args.latency < 0 or (args.projects is not None and args.projects < 0):
        raise ArgumentError("--latency and --projects cannot be negative.")
    limits = demo.RateLimits(hourly=args.hourly_limit, spike=args.spike_limit)
    faults = demo.read_faults(args.fault)
    if args.latency:
        faults = faults.always("slow", args.latency)
    world = demo.Demo(
        demo.Portfolio(args.projects),
        limits=limits,
        token_lifetime_seconds=args.token_lifetime,
        missing_company_status=None if args.missing_company == "allow" else int(args.missing_company),
        whole_links=args.whole_links,
        faults=faults,
    )
    with demo.serve(world, args.port, compress=args.gzip) as server:
        try:
            print(_welcome(server.url, server.storage_url), flush=True)
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            print("\nThe demo has stopped.")
    return 0


def _welcome(url: str, storage_url: str) -> str:
    from procore_nb import demo

    return f"""Procore demo at {url} (this machine only; Ctrl-C stops it)

  url            {url}
  client id      {demo.CLIENT_ID}
  client secret  {demo.CLIENT_SECRET}
  company id     {demo.COMPANY_ID}
  files from     {storage_url} (plays the cloud storage: send no token there)

A token, and a first list:

  curl -X POST {url}/oauth/token -d grant_type=client_credentials \\
       -d client_id={demo.CLIENT_ID} -d client_secret={demo.CLIENT_SECRET}
  curl -H 'Authorization: Bearer <token>' -H 'Procore-Company-Id: {demo.COMPANY_ID}' \\
       '{url}/rest/v1.1/projects?company_id={demo.COMPANY_ID}'

In Python:

  pnb.connect(pnb.Environment("local", login_url="{url}", api_url="{url}"),
              credentials=pnb.Credentials("{demo.CLIENT_ID}", "{demo.CLIENT_SECRET}"), company_id={demo.COMPANY_ID})"""
