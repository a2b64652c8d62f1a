"""Serves the lanes of a worker until Node closes them, and ends the process. Knows which thread does what; knows no request."""

import os
import sys
import threading
from typing import Any, Callable, List, NoReturn, Sequence

from . import fastcgi
from .control import Control, survives
from .green import GreenThreads
from .handler import Handler, base_environ
from .interruptible import Interruptible
from .lane import Lane
from .settings import Settings
from .threads import Threads

#: How long running requests may take after Node has closed the control lane or has exited.
_EXIT_SECONDS = 4.0


def serve(
    app: Callable[..., Any], lanes: Sequence[Lane], threads: Threads, control: Control, settings: Settings
) -> NoReturn:
    """Tells Node that the application is loaded, and serves. Called in the main thread, which runs the signal handlers."""
    base = base_environ(settings)
    handlers = [Handler(app, lane, base, settings.strict) for lane in lanes]
    interruptibles = [lane.interruptible for lane in lanes]
    ready = fastcgi.pairs((("FCGI_MAX_CONNS", str(len(lanes))), ("threads", threads.library)))
    control.watch_signals()
    if len(lanes) == 1 and not isinstance(threads, GreenThreads):
        control.answer(fastcgi.GET_VALUES_RESULT, ready)
        _serve_in_main_thread(handlers[0], lanes[0], control, interruptibles)
    else:
        workers = [
            threads.start("lane-%d" % number, lambda pair=pair: _serve(*pair))  # type: ignore[misc]
            for number, pair in enumerate(zip(handlers, lanes))
        ]
        control.answer(fastcgi.GET_VALUES_RESULT, ready)
        if isinstance(threads, GreenThreads):
            control.serve_green(interruptibles, threads)
        else:
            control.serve(interruptibles)
        threads.join(workers, _EXIT_SECONDS)
    # Non-daemon threads of the application would keep the interpreter alive for ever.
    _exit_after(_EXIT_SECONDS)
    sys.exit(0)


def _serve(handler: Handler, lane: Lane) -> None:
    """Serves the lane, and closes it if that fails for any reason: Node then replaces the process."""
    try:
        handler.serve()
    finally:
        lane.close()


def _serve_in_main_thread(
    handler: Handler, lane: Lane, control: Control, interruptibles: List[Interruptible]
) -> None:
    """
    The application runs in the main thread, as under the sync worker of gunicorn: signal handlers interrupt it, and what it
    bound to the thread of its import (asyncio's event loop, a connection of sqlite3) belongs to it.
    """

    def control_thread() -> None:
        control.serve(interruptibles)
        _exit_after(2 * _EXIT_SECONDS)  # the request may still run

    thread = threading.Thread(target=control_thread, name="control", daemon=True)
    thread.start()
    try:
        _insist(handler.serve, control)
    finally:
        lane.close()
    _insist(thread.join, control)  # Node decides when this process ends


def _insist(function: Callable[[], None], control: Control) -> None:
    """Calls the function until it has returned, in spite of exceptions that signal handlers raise in it."""

    def call() -> bool:
        function()
        return False

    while survives(call, control):
        pass


def _exit_after(seconds: float) -> None:
    watchdog = threading.Timer(seconds, exit_now)
    watchdog.daemon = True
    watchdog.start()


def exit_now(code: int = 0) -> None:
    """Terminates daemonic child processes, as Python would at its own exit, and exits without waiting for threads."""
    processes = sys.modules.get("multiprocessing.process")
    for child in processes.active_children() if processes is not None else ():
        if child.daemon:
            child.terminate()
    os._exit(code)
