"""Finds an application that runs its own server while it is imported. Knows servers and stacks; knows no lane."""

import linecache
import os
import re
import signal
import sys
import traceback

# By name, and before the application is imported: gevent and eventlet would replace these by their own.
from _thread import allocate_lock, get_ident, start_new_thread
from socket import SO_ACCEPTCONN, SOL_SOCKET, socket
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Optional, Tuple

from . import forks
from .report import application_frames

#: The functions that serve until the process ends, each with the modules that have one of this name.
_SERVING: Dict[str, FrozenSet[str]] = {
    "block": frozenset(("cherrypy.process.wspbus",)),
    "quickstart": frozenset(("cherrypy",)),
    "run": frozenset(
        (
            "bottle",
            "django.core.servers.basehttp",
            "gunicorn.app.base",
            "gunicorn.arbiter",
            "quart.app",
            "uvicorn.main",
            "uvicorn.server",
            "waitress.server",
        )
    ),
    "run_app": frozenset(("aiohttp.web",)),
    "run_simple": frozenset(("werkzeug.serving",)),
    "run_with_reloader": frozenset(("django.utils.autoreload", "werkzeug._reloader")),
    "serve": frozenset(("cheroot.server", "waitress")),
    "serve_forever": frozenset(("gevent.baseserver", "socketserver")),
    "server": frozenset(("eventlet.wsgi",)),
    "start": frozenset(("cheroot.server",)),
}
#: Event loops, which may also run for a moment only. They serve if the process listens on a socket.
_LOOPS: Dict[str, FrozenSet[str]] = {
    "run": frozenset(("twisted.internet.base",)),
    "start": frozenset(("tornado.ioloop", "tornado.platform.asyncio")),
}
#: These do nothing under `flask run`, so only an exception in them tells that the application starts a server.
_MAY_RETURN: Dict[str, FrozenSet[str]] = {"run": frozenset(("flask.app", "flask_socketio"))}
#: Seconds between two looks at the main thread, and how long the application may take to clean up after it is interrupted.
_INTERVAL, _GRACE = 0.2, 1.0
_LIBRARIES = re.compile(r"%s[/\\]|.*[/\\](?:site|dist)-packages[/\\]" % re.escape(os.path.dirname(os.__file__)), re.DOTALL)

#: A frame, and the line in it.
Frame = Tuple[Any, int]


class OwnServer(BaseException):
    """Raised in the main thread inside the server. A BaseException, so that `except Exception` does not catch it."""


class Watch:
    """
    Looks at the stack of the main thread, from another thread, between `__enter__` and `__exit__`. If the main thread runs a
    server, raises OwnServer there, so that the application ends what it has started, such as the process of a reloader.

    If that does not help, calls `fail` with the place of the call. `fail` must end the process.
    """

    def __init__(self, fail: Callable[[Dict[str, str]], Any]) -> None:
        #: The place of the call, as pairs for Node, once a server was found.
        self.call: Optional[Dict[str, str]] = None
        self._fail = fail
        self._active = True
        self._process = os.getpid()
        self._main = get_ident()
        self._stopped = allocate_lock()
        self._ended = allocate_lock()

    def __enter__(self) -> "Watch":
        self._stopped.acquire()
        self._ended.acquire()
        forks.set_handler(signal.SIGURG, self._interrupted)  # a signal that is ignored by default
        start_new_thread(self._run, ())
        return self

    def __exit__(self, *_: Any) -> None:
        self._active = False
        self._stopped.release()
        if os.getpid() == self._process:  # a forked child does not have the thread
            self._ended.acquire()
        if forks.is_ours(signal.getsignal(signal.SIGURG)):
            signal.signal(signal.SIGURG, signal.SIG_DFL)

    def _run(self) -> None:
        try:
            while not self._stopped.acquire(timeout=_INTERVAL):
                if self._look() and self._stopped.acquire(timeout=_GRACE):
                    break
                if self.call is not None:
                    self._fail(self.call)
        finally:
            self._ended.release()

    def _look(self) -> bool:
        """Returns True if it has interrupted a server. Keeps no frame: that would keep the objects of the application alive."""
        running = sys._current_frames().get(self._main)
        suspended = _suspended(running)
        self.call = _find_call(reversed(list(traceback.walk_stack(suspended or running))), _serves)
        if self.call is None or suspended is not None:
            return False  # a signal would be handled in the greenlet of the event loop, which only prints the exception
        signal.pthread_kill(self._main, signal.SIGURG)
        return True

    def _interrupted(self, _signal: int, _frame: Any) -> None:
        if self._active and self.call is not None:
            raise OwnServer


def _suspended(running: Any) -> Any:
    """
    Returns the frame at which the main greenlet waits, if the main thread runs the event loop of gevent or eventlet. The
    application is imported in that greenlet. Returns None in a process without greenlets.
    """
    kind = getattr(sys.modules.get("greenlet"), "greenlet", None)
    if kind is None:
        return None
    *_, (oldest, _) = traceback.walk_stack(running)
    loop = oldest.f_locals.get("self")
    greenlet = loop if isinstance(loop, kind) else getattr(loop, "greenlet", None)  # gevent's is one, eventlet's has one
    if not isinstance(greenlet, kind):
        return None
    while greenlet.parent is not None:
        greenlet = greenlet.parent
    return greenlet.gr_frame


def failed_call(error: BaseException) -> Optional[Dict[str, str]]:
    """Returns where the application starts a server that has raised this exception, as pairs for Node; else None."""
    return _find_call(traceback.walk_tb(error.__traceback__), lambda frame: _serves(frame) or _is_in(_MAY_RETURN, frame))


def _find_call(frames: Iterable[Frame], serves: Callable[[Any], bool]) -> Optional[Dict[str, str]]:
    """`frames` are the oldest first."""
    stack = application_frames(frames)
    serving = next((at for at, (frame, _) in enumerate(stack) if serves(frame)), None)
    return None if serving is None else _describe(stack, serving)


def _serves(frame: Any) -> bool:
    if _is_in(_SERVING, frame):
        return True
    return _is_in(_LOOPS, frame) and frame.f_back.f_code.co_name != "run_sync" and _listens()


def _is_in(table: Dict[str, FrozenSet[str]], frame: Any) -> bool:
    return frame.f_globals.get("__name__") in table.get(frame.f_code.co_name, ())


def _listens() -> bool:
    """Returns True if the process accepts connections on a socket."""
    return any(_accepts(int(name)) for name in os.listdir("/dev/fd"))


def _accepts(descriptor: int) -> bool:
    try:
        sock = socket(fileno=descriptor)
    except OSError:  # not a socket
        return False
    try:
        return bool(sock.getsockopt(SOL_SOCKET, SO_ACCEPTCONN))
    except OSError:
        return False
    finally:
        sock.detach()


def _describe(stack: List[Frame], serving: int) -> Dict[str, str]:
    """Returns the call that starts the server, and the statement of a module that leads to it, which may be the same."""
    callers = [entry for entry in stack[:serving] if not _LIBRARIES.match(entry[0].f_code.co_filename)] or stack[:serving][-1:]
    statements = [entry for entry in callers if entry[0].f_code.co_name == "<module>"]
    report = {"traceback": "".join(traceback.StackSummary.extract(iter(stack[: serving + 1])).format())[-10_000:]}
    for key, entries in (("call", callers), ("statement", statements)):
        if entries:
            report.update(_place(key, *entries[-1]))
    return report


def _place(key: str, frame: Any, line: int) -> Dict[str, str]:
    file = frame.f_code.co_filename
    source = linecache.getline(file, line, frame.f_globals).strip()
    return {key: source[:200], key + "_file": file, key + "_line": str(line)}

