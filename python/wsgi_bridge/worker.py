"""A worker process: loads the application, serves each lane in a thread, ends when Node does."""

import os
import signal
import socket
import sys
import threading
import time
from typing import Any, Callable, List

from . import fastcgi
from .handler import Handler, base_environ
from .lane import Lane
from .loader import LoadError, load

#: The descriptors that Node gives a worker: standard ones, the control lane, then the lanes.
CONTROL = 3
FIRST_LANE = 4
#: How long requests under way may take once Node has closed the control lane, or is gone.
_LEAVE_SECONDS = 4.0


def main(target: str, threads: int, processes: int) -> None:
    """Never returns."""
    sys.argv[:] = [target]
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    # Ctrl-C reaches the whole process group; Node decides what it means. A handler, not SIG_IGN, which children inherit.
    signal.signal(signal.SIGINT, lambda _signal, _frame: None)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
    control = _take(CONTROL)
    sockets = [_take(FIRST_LANE + lane) for lane in range(threads)]
    try:
        app = load(target)
    except LoadError as error:
        _answer(control, fastcgi.EXCEPTION, fastcgi.pairs(error.report))
        sys.exit(1)
    workers = _start(app, sockets, base_environ(threads, processes))
    _answer(control, fastcgi.GET_VALUES_RESULT, fastcgi.pairs((("FCGI_MAX_CONNS", str(threads)),)))
    while control.recv(4096):
        pass
    _leave(workers)


def _take(descriptor: int) -> socket.socket:
    sock = socket.socket(fileno=descriptor)
    sock.set_inheritable(False)
    sock.setblocking(True)
    return sock


def _start(app: Callable[..., Any], sockets: List[socket.socket], base: "dict[str, Any]") -> List[threading.Thread]:
    workers = []
    for number, sock in enumerate(sockets):
        handler = Handler(app, Lane(sock), base)
        worker = threading.Thread(target=_serve, args=(handler, sock), name="lane-%d" % number, daemon=True)
        worker.start()
        workers.append(worker)
    return workers


def _serve(handler: Handler, sock: socket.socket) -> None:
    """A lane that fails is closed, whatever the reason: Node replaces the process."""
    try:
        handler.serve()
    finally:
        sock.close()


def _answer(control: socket.socket, kind: int, content: bytes) -> None:
    control.recv(4096)  # the question; there is only one
    control.sendall(fastcgi.record(kind, fastcgi.NULL_REQUEST_ID, content))


def _leave(workers: List[threading.Thread]) -> None:
    """Node closes the lanes that are idle, and the others when their request is over."""
    deadline = time.monotonic() + _LEAVE_SECONDS
    for worker in workers:
        worker.join(max(0.0, deadline - time.monotonic()))
    # Threads of the application that are not daemons would keep the interpreter alive for ever.
    watchdog = threading.Timer(_LEAVE_SECONDS, os._exit, (0,))
    watchdog.daemon = True
    watchdog.start()
    sys.exit(0)
