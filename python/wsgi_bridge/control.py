"""The control lane: what Node asks of the process as a whole. Knows signals and records; knows no WSGI."""

import select
import signal
import socket
import sys
import traceback
from typing import Any, Sequence

from . import fastcgi, forks
from .interruptible import Interruptible

_RECEIVE = 65536


class Control:
    """One end of the control lane, for the main thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._data = bytearray()
        #: What a signal wakes the main thread by: bytes that go in at one end and come out at the other.
        self._woken, self._wakes = socket.socketpair()

    def answer(self, kind: int, content: bytes) -> None:
        """Answers the question with which Node begins: has the application been loaded?"""
        while self._take() is None:
            data = self._sock.recv(_RECEIVE)
            if not data:
                sys.exit(0)  # Node has gone
            self._data += data
        self._send(kind, content)

    def serve(self, turns: Sequence[Interruptible]) -> None:
        """Returns when Node has closed the lane. SIGTERM is handed on to Node, which lets the process go in its own time."""
        woken = self._woken
        woken.setblocking(False)
        self._wakes.setblocking(False)
        # The application's own handler runs beside the wake-up descriptor. Python's, or this package's, would end the process.
        before: Any = signal.getsignal(signal.SIGTERM)
        replaced = before == signal.SIG_DFL or forks.is_ours(before)
        if replaced:
            forks.handle(signal.SIGTERM, lambda _signal, _frame: None)
        signal.set_wakeup_fd(self._wakes.fileno(), warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        poll.register(woken, select.POLLIN)
        while self._serve_once(poll, turns):
            pass
        signal.set_wakeup_fd(-1)
        if replaced:
            signal.signal(signal.SIGTERM, before)

    def _serve_once(self, poll: "select.poll", turns: Sequence[Interruptible]) -> bool:
        """False when Node has closed the lane. What a signal handler of the application raises here must not end its process."""
        try:
            if self._woken.fileno() not in (ready for ready, _ in poll.poll()):
                return self._receive(turns)
            signals = _received(self._woken)
            if signal.SIGTERM in signals:
                self._send(fastcgi.LEAVING, b"")
            return bool(signals)
        except SystemExit:
            self._send(fastcgi.LEAVING, b"")
        except Exception:
            traceback.print_exc()
        return True

    def forget(self) -> None:
        """In a child process that was forked off: its signals are its own, and Node hears nothing of it."""
        descriptor = signal.set_wakeup_fd(-1)
        if descriptor not in (-1, self._wakes.fileno()):
            signal.set_wakeup_fd(descriptor)  # the application's
        for sock in (self._sock, self._woken, self._wakes):
            sock.close()

    def _receive(self, turns: Sequence[Interruptible]) -> bool:
        data = _received(self._sock)
        self._data += data
        for content in iter(self._take, None):
            asked = fastcgi.read_pairs(content)
            stack = turns[int(asked["lane"])].interrupt(int(asked["request"]))
            self._send(fastcgi.STACK, fastcgi.pairs((("stack", stack[-_MAX_STACK:]),)))
        return bool(data)

    def _take(self) -> "bytes | None":
        """The content of the next record, if it is here."""
        if len(self._data) < fastcgi.HEADER_LENGTH:
            return None
        _, _, length, padding = fastcgi.read_header(self._data, 0)
        end = fastcgi.HEADER_LENGTH + length
        if len(self._data) < end + padding:
            return None
        content = bytes(self._data[fastcgi.HEADER_LENGTH : end])
        del self._data[: end + padding]
        return content

    def _send(self, kind: int, content: bytes) -> None:
        try:
            self._sock.sendall(fastcgi.record(kind, fastcgi.NULL_REQUEST_ID, content))
        except OSError:
            pass  # Node has gone; the next receive says so


def _received(sock: socket.socket) -> bytes:
    """Empty when Node has closed the lane, or the application has closed the descriptor."""
    try:
        return sock.recv(_RECEIVE)
    except OSError:
        return b""


#: Characters: a stack must fit into one record, in UTF-8.
_MAX_STACK = 12_000
