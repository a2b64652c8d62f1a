"""A worker process: takes its descriptors and loads the application. `serving.py` does the rest."""

import faulthandler
import os
import signal
import sys
from typing import Any, Callable, List, NoReturn

from . import fastcgi, forks
from .control import Control
from .green import green_threads
from .lane import Lane
from .loader import LoadError, load
from .pipes import open_pipes
from .serving import exit_now, serve
from .settings import Settings
from .threads import Threads

#: The descriptors that Node passes to a worker: the standard ones, the control lane, then the request lanes.
CONTROL = 3
FIRST_LANE = 4
#: See prctl(2).
_PR_SET_PDEATHSIG = 1


def main(settings: Settings) -> None:
    """Runs the worker. Never returns."""
    prepare(settings)
    control = open_control()
    descriptors = claim_lanes(settings)
    serve_lanes(load_app(settings, control), control, descriptors, settings)


def prepare(settings: Settings) -> None:
    """Makes a new process ready for the application."""
    die_with_parent(settings.parent)
    sys.argv[:] = [settings.target]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    # Prints the stacks of all threads on a crash, and on the SIGABRT that Node sends to a process that no longer responds.
    faulthandler.enable()
    # Ctrl-C reaches the whole process group, but Node decides what to do. An empty handler, because child processes would
    # inherit SIG_IGN.
    forks.set_handler(signal.SIGINT, lambda _signal, _frame: None)
    forks.set_handler(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))


def open_control() -> Control:
    """Returns the control lane behind the descriptor that Node has passed, over which Node has opened pipes for the output."""
    sock = Threads().socket(CONTROL)
    sock.set_inheritable(False)
    control = Control(sock)
    forks.call_in_child(control.after_fork)
    open_pipes(control)
    return control


def claim_lanes(settings: Settings) -> List[int]:
    """Returns the descriptors of the request lanes. No child process inherits them."""
    descriptors = list(range(FIRST_LANE, FIRST_LANE + settings.threads))
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    forks.call_in_child(lambda: _close(descriptors))
    return descriptors


def serve_lanes(
    app: Callable[..., Any], control: Control, descriptors: List[int], settings: Settings
) -> NoReturn:
    """Serves the lanes behind these descriptors until Node closes the control lane, then exits."""
    if settings.structured:
        from . import records  # imported only here, because logging takes some time to import

        records.install(control)
    threads: Threads = green_threads() or Threads()
    # Made after the application was loaded, because it decides what kind of threads there are.
    lanes = [Lane(threads.socket(descriptor), threads) for descriptor in descriptors]
    descriptors.clear()
    for lane in lanes:
        forks.call_in_child(lane.after_fork)
    serve(app, lanes, threads, control, settings)


def load_app(settings: Settings, control: Control) -> Callable[..., Any]:
    """Returns the application. If it cannot be loaded, reports to Node and exits."""
    process = os.getpid()
    try:
        app = load(settings.target, lambda error: _fail(control, error))
        limit = (green_threads() or Threads()).limit
        if settings.threads > limit:
            raise LoadError("threads", limit=str(limit))
    except LoadError as error:
        if os.getpid() != process:  # the application has forked, and this is the child
            forks.end_child(error)
        if error.serves:
            _fail(control, error)
        control.answer(fastcgi.EXCEPTION, fastcgi.pairs(error.report))
        sys.exit(1)
    if os.getpid() != process:
        forks.end_child(None)
    return app


def _fail(control: Control, error: LoadError) -> None:
    """Reports a failed start and ends the process at once: the application's main thread may never return. For any thread."""
    try:
        control.answer(fastcgi.EXCEPTION, fastcgi.pairs(error.report))
    finally:
        exit_now(1)


def die_with_parent(parent: int) -> None:
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


def _close(descriptors: List[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
