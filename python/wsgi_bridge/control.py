"""The worker's end of the control lane: start report, interrupts, signals. Knows records and signals; knows no WSGI."""

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
    """The worker's end of the control lane, a socket for what concerns the whole process. Used by the main thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._data = bytearray()
        #: A socket pair for signal.set_wakeup_fd(): for each signal Python writes a byte to it, which wakes the main thread.
        self._wakeup_reader, self._wakeup_writer = socket.socketpair()

    def answer(self, kind: int, content: bytes) -> None:
        """Waits for Node's first question, whether the application is loaded, and answers it."""
        while self._next_content() is None:
            data = self._sock.recv(_RECEIVE)
            if not data:
                sys.exit(0)  # Node has exited
            self._data += data
        self._send(kind, content)

    def serve(self, interruptibles: Sequence[Interruptible]) -> None:
        """Returns when Node has closed the lane. Reports SIGTERM to Node, which then decides when the process exits."""
        reader = self._wakeup_reader
        reader.setblocking(False)
        self._wakeup_writer.setblocking(False)
        # A handler of the application stays: it runs in addition to the wake-up. The default handler, and the one that this
        # package installed for the start, are replaced, because they would end the process.
        previous: Any = signal.getsignal(signal.SIGTERM)
        replaced = previous == signal.SIG_DFL or forks.is_ours(previous)
        if replaced:
            forks.set_handler(signal.SIGTERM, lambda _signal, _frame: None)
        signal.set_wakeup_fd(self._wakeup_writer.fileno(), warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        poll.register(reader, select.POLLIN)
        while self._serve_once(poll, interruptibles):
            pass
        signal.set_wakeup_fd(-1)
        if replaced:
            signal.signal(signal.SIGTERM, previous)

    def _serve_once(self, poll: "select.poll", interruptibles: Sequence[Interruptible]) -> bool:
        """Returns False when Node has closed the lane. An exception in a signal handler does not end the process."""
        try:
            if self._wakeup_reader.fileno() not in (ready for ready, _ in poll.poll()):
                return self._receive(interruptibles)
            signals = _recv(self._wakeup_reader)
            if signal.SIGTERM in signals:
                self._send(fastcgi.EXIT_REQUESTED, b"")
            return bool(signals)
        except SystemExit:
            self._send(fastcgi.EXIT_REQUESTED, b"")
        except Exception:
            traceback.print_exc()
        return True

    def after_fork(self) -> None:
        """Called in a forked child: Node must not be told of its signals, and the lane belongs to the parent."""
        descriptor = signal.set_wakeup_fd(-1)
        if descriptor not in (-1, self._wakeup_writer.fileno()):
            signal.set_wakeup_fd(descriptor)  # the application has set it
        for sock in (self._sock, self._wakeup_reader, self._wakeup_writer):
            sock.close()

    def _receive(self, interruptibles: Sequence[Interruptible]) -> bool:
        data = _recv(self._sock)
        self._data += data
        for content in iter(self._next_content, None):
            question = fastcgi.read_pairs(content)
            stack = interruptibles[int(question["lane"])].interrupt(int(question["request"]))
            self._send(fastcgi.STACK, fastcgi.pairs((("stack", stack[-_MAX_STACK:]),)))
        return bool(data)

    def _next_content(self) -> "bytes | None":
        """Returns the content of the next record; None if the record is not complete yet."""
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
            pass  # Node has exited; the next receive notices it


def _recv(sock: socket.socket) -> bytes:
    """Returns b"" when Node has closed the lane, or the application has closed the descriptor."""
    try:
        return sock.recv(_RECEIVE)
    except OSError:
        return b""


#: In characters: the stack trace, as UTF-8, must fit into one record.
_MAX_STACK = 12_000
