"""A worker process: loads the application, serves each lane in its own thread, and ends with Node."""

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
from .settings import Settings

#: The descriptors that Node passes to a worker: the standard ones, the control lane, then the request lanes.
CONTROL = 3
FIRST_LANE = 4
#: How long running requests may take after Node has closed the control lane or has exited.
_EXIT_SECONDS = 4.0
#: See prctl(2).
_PR_SET_PDEATHSIG = 1


def main(settings: Settings) -> None:
    """Runs the worker. Never returns."""
    _die_with_parent(settings.parent)
    sys.argv[:] = [settings.target]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    # Prints the stacks of all threads on a crash, and on the SIGABRT that Node sends to a process that no longer responds.
    faulthandler.enable()
    # Ctrl-C reaches the whole process group, but Node decides what to do. An empty handler, because child processes would
    # inherit SIG_IGN.
    forks.set_handler(signal.SIGINT, lambda _signal, _frame: None)
    forks.set_handler(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
    control = Control(_open_socket(CONTROL))
    forks.call_in_child(control.after_fork)
    lanes = [Lane(_open_socket(FIRST_LANE + number)) for number in range(settings.threads)]
    for lane in lanes:
        forks.call_in_child(lane.after_fork)
    try:
        app = load(settings.target)
    except LoadError as error:
        if lanes[0].forked:
            forks.end_child(error)
        control.answer(fastcgi.EXCEPTION, fastcgi.pairs(error.report))
        sys.exit(1)
    if lanes[0].forked:
        forks.end_child(None)
    workers = _start(app, lanes, base_environ(settings))
    control.answer(fastcgi.GET_VALUES_RESULT, fastcgi.pairs((("FCGI_MAX_CONNS", str(settings.threads)),)))
    control.serve([lane.interruptible for lane in lanes])
    _shut_down(workers)


def _die_with_parent(parent: int) -> None:
    """
    Asks the kernel, on Linux, to kill this process when Node exits. Usually the process notices that its lanes are closed. But
    it cannot notice that while it is stopped, or while a thread never releases the GIL.
    """
    if sys.platform != "linux" or os.getppid() != parent:  # the parent is a wrapper script, and the kernel would watch the script
        return
    try:
        import ctypes  # some interpreters are built without it

        prctl = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # Node exited before the call of prctl


def _open_socket(descriptor: int) -> socket.socket:
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
    """Serves the lane, and closes it if that fails for any reason: Node then replaces the process."""
    try:
        handler.serve()
    finally:
        lane.close()


def _shut_down(workers: List[threading.Thread]) -> None:
    """Waits for the lanes' threads, then exits. Node closes each lane when it has no request."""
    deadline = time.monotonic() + _EXIT_SECONDS
    for worker in workers:
        worker.join(max(0.0, deadline - time.monotonic()))
    # Non-daemon threads of the application would keep the interpreter alive for ever.
    watchdog = threading.Timer(_EXIT_SECONDS, _exit_now)
    watchdog.daemon = True
    watchdog.start()
    sys.exit(0)


def _exit_now() -> None:
    """Terminates daemonic child processes, as Python would at its own exit, and exits without waiting for threads."""
    processes = sys.modules.get("multiprocessing.process")
    for child in processes.active_children() if processes is not None else ():
        if child.daemon:
            child.terminate()
    os._exit(0)
