"""`procore-nb serve-demo`: the demo on a loopback port, for clients that know nothing of us.

In: a port and limits. Out: a running server and the words other clients need. Listens on this machine only.
"""

from __future__ import annotations

import argparse
import time

from procore_nb.errors import ArgumentError


def serve_demo(words: argparse.Namespace) -> int:
    """Serve until Ctrl-C, and say what other clients need."""
    from procore_nb import demo

    if "list" in words.fault:
        for kind, meaning in demo.FAULT_KINDS.items():
            print(f"{kind:20} {meaning}")
        return 0
    for name in ("spike_limit", "hourly_limit", "token_lifetime"):
        if getattr(words, name) < 1:
            raise ArgumentError(f"--{name.replace('_', '-')} must be 1 or more.")
    if words.latency < 0 or (words.projects is not None and words.projects < 0):
        raise ArgumentError("--latency and --projects cannot be negative.")
    limits = demo.RateLimits(hourly=words.hourly_limit, spike=words.spike_limit)
    faults = demo.read_faults(words.fault)
    if words.latency:
        faults = faults.always("slow", words.latency)
    world = demo.Demo(
        demo.Portfolio(words.projects),
        limits=limits,
        token_lifetime_seconds=words.token_lifetime,
        missing_company_status=None if words.missing_company == "allow" else int(words.missing_company),
        whole_links=words.whole_links,
        faults=faults,
    )
    with demo.serve(world, words.port, compress=words.gzip) as server:
        try:
            print(_welcome(server.url), flush=True)
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            print("\nThe demo has stopped.")
    return 0


def _welcome(url: str) -> str:
    from procore_nb import demo

    return f"""Procore demo at {url} (this machine only; Ctrl-C stops it)

  url            {url}
  client id      {demo.CLIENT_ID}
  client secret  {demo.CLIENT_SECRET}
  company id     {demo.COMPANY_ID}

A token, and a first list:

  curl -X POST {url}/oauth/token -d grant_type=client_credentials \\
       -d client_id={demo.CLIENT_ID} -d client_secret={demo.CLIENT_SECRET}
  curl -H 'Authorization: Bearer <token>' -H 'Procore-Company-Id: {demo.COMPANY_ID}' \\
       '{url}/rest/v1.1/projects?company_id={demo.COMPANY_ID}'

In Python:

  pnb.connect(pnb.Environment("local", login_url="{url}", api_url="{url}"),
              credentials=pnb.Credentials("{demo.CLIENT_ID}", "{demo.CLIENT_SECRET}"), company_id={demo.COMPANY_ID})"""
