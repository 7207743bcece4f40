"""A demo in a forked child: it answers, whatever the parent's threads were about at the fork."""

from __future__ import annotations

import gc
import os
import signal
import threading

import pytest

from procore_nb.demo import Demo
from procore_nb.demo.access_control import ForkSafeLock

from .conftest import Caller

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
# A list with a table, one whose rows are made from fields and point at other lists, and a page of projects.
_ADDRESSES = (
    "/rest/v1.0/projects/1204458/rfis?filters[status]=open",
    "/rest/v1.0/projects/1204458/time_and_material_entries",
    "/rest/v1.0/projects?company_id=24816",
)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.slow
def test_a_child_forked_while_another_thread_asks_the_demo_does_not_hang() -> None:
    caller = Caller(Demo())
    caller.log_in()
    expected = [caller.get(address).body for address in _ADDRESSES]
    # Every lock there is, held by another thread: the worst moment there can be.
    locks = [one for one in gc.get_objects() if isinstance(one, ForkSafeLock)]
    assert len(locks) > 10
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        for lock in locks:
            lock.__enter__()
        held.set()
        done.wait()
        for lock in locks:
            lock.__exit__(None, None, None)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    child = os.fork()
    if not child:
        signal.alarm(20)  # a child that hangs is ended, and not with 0
        caller.log_in()
        same = [caller.get(address).body for address in _ADDRESSES] == expected
        fresh = Caller(Demo())
        same = same and fresh.log_in().status == 200 and fresh.get(_ADDRESSES[0]).body == expected[0]
        os._exit(0 if same else 3)
    _, status = os.waitpid(child, 0)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0
    assert caller.get(_ADDRESSES[0]).body == expected[0]


def test_a_lock_keeps_others_out_and_lets_the_next_one_in() -> None:
    lock, order = ForkSafeLock(), []

    def enter() -> None:
        with lock:
            order.append("second")

    with lock:
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join(0.05)  # long enough for a thread that nothing keeps out
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
