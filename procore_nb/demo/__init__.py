"""A made-up Procore inside the package: the same portfolio every time, answering like the real one.

In: requests, from inside the process (`DemoAdapter`) or over a loopback port (`serve`). Out: replies in Procore's forms.
It uses nothing of our own session, paging or reply reading, so that these can be tested against it.
"""

from __future__ import annotations

from procore_nb.demo.access_control import RateLimits
from procore_nb.demo.app import Demo
from procore_nb.demo.company import CLIENT_ID, CLIENT_SECRET, COMPANIES, COMPANY_ID, NOW, TODAY
from procore_nb.demo.faults import KINDS as FAULT_KINDS
from procore_nb.demo.faults import Faults, read_faults
from procore_nb.demo.http_messages import DemoReply, DemoRequest
from procore_nb.demo.portfolio import Portfolio
from procore_nb.demo.server import DemoAdapter, DemoServer, serve

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "COMPANIES",
    "COMPANY_ID",
    "FAULT_KINDS",
    "NOW",
    "TODAY",
    "Demo",
    "DemoAdapter",
    "DemoReply",
    "DemoRequest",
    "DemoServer",
    "Faults",
    "Portfolio",
    "RateLimits",
    "read_faults",
    "serve",
]
