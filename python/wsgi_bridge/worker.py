"""A worker process: loads the application, serves each lane in a thread, ends when Node does."""

import faulthandler
import os
import signal
import socket
import sys
import threading
import time
from typing import Any, Callable, List, Sequence

from . import fastcgi, forks
from .control import Control
from .handler import Handler, base_environ
from .lane import Lane
from .loader import LoadError, load

#: The descriptors that Node gives a worker: standard ones, the control lane, then the lanes.
CONTROL = 3
FIRST_LANE = 4
#: How long requests under way may take once Node has closed the control lane, or is gone.
_LEAVE_SECONDS = 4.0
#: See prctl(2).
_PR_SET_PDEATHSIG = 1


def main(target: str, threads: int, processes: int, parent: int) -> None:
    """Never returns. `parent` is Node's process id."""
    _die_with(parent)
    sys.argv[:] = [target]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    # A crash, or the SIGABRT with which Node ends what does not answer any more, says where every thread is.
    faulthandler.enable()
    # Ctrl-C reaches the whole process group; Node decides what it means. A handler, not SIG_IGN, which children inherit.
    forks.handle(signal.SIGINT, lambda _signal, _frame: None)
    forks.handle(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
    control = Control(_take(CONTROL))
    forks.in_child(control.forget)
    lanes = [Lane(_take(FIRST_LANE + number)) for number in range(threads)]
    for lane in lanes:
        forks.in_child(lane.forget)
    try:
        app = load(target)
    except LoadError as error:
        if lanes[0].forked:
            forks.end_child(error)
        control.answer(fastcgi.EXCEPTION, fastcgi.pairs(error.report))
        sys.exit(1)
    if lanes[0].forked:
        forks.end_child(None)
    workers = _start(app, lanes, base_environ(threads, processes))
    control.answer(fastcgi.GET_VALUES_RESULT, fastcgi.pairs((("FCGI_MAX_CONNS", str(threads)),)))
    control.serve([lane.interruptible for lane in lanes])
    _leave(workers)


def _die_with(parent: int) -> None:
    """
    On Linux the kernel kills this process when Node has ended. A process that can listen learns the same from its lanes; one that
    holds the interpreter's lock for ever, or is stopped, cannot listen.
    """
    if sys.platform != "linux" or os.getppid() != parent:  # a script that has started Python is in between: it would be watched
        return
    try:
        import ctypes  # an interpreter may have been built without it

        prctl = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # Node ended before the kernel had been told


def _take(descriptor: int) -> socket.socket:
    sock = socket.socket(fileno=descriptor)
    sock.set_inheritable(False)
    sock.setblocking(True)
    return sock


def _start(app: Callable[..., Any], lanes: Sequence[Lane], base: "dict[str, Any]") -> List[threading.Thread]:
    workers = []
    for number, lane in enumerate(lanes):
        handler = Handler(app, lane, base)
        worker = threading.Thread(target=_serve, args=(handler, lane), name="lane-%d" % number, daemon=True)
        worker.start()
        workers.append(worker)
    return workers


def _serve(handler: Handler, lane: Lane) -> None:
    """A lane that fails is closed, whatever the reason: Node replaces the process."""
    try:
        handler.serve()
    finally:
        lane.close()


def _leave(workers: List[threading.Thread]) -> None:
    """Node closes the lanes that are idle, and the others when their request is over."""
    deadline = time.monotonic() + _LEAVE_SECONDS
    for worker in workers:
        worker.join(max(0.0, deadline - time.monotonic()))
    # Threads of the application that are not daemons would keep the interpreter alive for ever.
    watchdog = threading.Timer(_LEAVE_SECONDS, _exit_now)
    watchdog.daemon = True
    watchdog.start()
    sys.exit(0)


def _exit_now() -> None:
    """Ends the children that end with the process, as Python would do after the threads that it waits for in vain."""
    processes = sys.modules.get("multiprocessing.process")
    for child in processes.active_children() if processes is not None else ():
        if child.daemon:
            child.terminate()
    os._exit(0)
