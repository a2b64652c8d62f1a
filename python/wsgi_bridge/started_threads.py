"""Finds threads that an import has started, because a forked process would have no copy of them. Knows threads; knows no fork."""

import os
import sys
import threading
import traceback
from time import monotonic, sleep  # before the application is loaded: gevent and eventlet replace it
from typing import List

#: How long a thread may take to end, and to begin, in seconds.
_TO_END, _TO_BEGIN = 1.0, 0.2


def started_threads() -> List[str]:
    """Returns the name of each thread but this one, and the line of its first function. Lets threads end that are about to."""
    began = monotonic()
    while True:
        waited = monotonic() - began
        if len(sys._current_frames()) == 1:  # unlike threading.enumerate(), it has all threads that run Python code
            if waited > _TO_BEGIN or not _may_begin():
                return []
        elif waited > _TO_END:
            return _describe()
        sleep(0.01)


def _may_begin() -> bool:
    """Returns True if the system knows other threads: those of a library in C, or one that is about to run Python code."""
    try:
        return len(os.listdir("/proc/self/task")) > 1
    except OSError:
        return True


def _describe() -> List[str]:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    described = []
    for number, frame in sys._current_frames().items():
        if number != threading.get_ident():
            lines = [item for item in traceback.walk_stack(frame) if item[0].f_code.co_filename != threading.__file__]
            place = " at %s:%d" % (lines[-1][0].f_code.co_filename, lines[-1][1]) if lines else ""
            described.append(names.get(number, "thread %d" % number) + place)
    return described
