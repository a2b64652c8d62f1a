"""The worker's end of the control lane: start report, interrupts, signals, logs. Knows records and signals; knows no WSGI."""

import select
import signal
import socket
import sys
import threading
import traceback
from _socket import socketpair  # gevent replaces the one of `socket`, and this process may be forked after that
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional, Sequence, Tuple

from . import fastcgi, forks
from .green import GreenThreads
from .interruptible import Interruptible

_RECEIVE = 65536


class Control:
    """
    The worker's end of the control lane, a socket for what concerns the whole process. Used by one thread, except `log` and
    `request_exit`.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._data = bytearray()
        #: True if Node has asked whether the application is loaded.
        self._asked = False
        self._forked = False
        self._sending = threading.RLock()
        #: Records that are not sent yet. Not empty only while a thread sends.
        self._unsent: Deque[bytes] = deque()
        self._is_sending = False
        #: A socket pair for signal.set_wakeup_fd(): for each signal Python writes a byte to it, which wakes the main thread.
        self._wakeup_reader, self._wakeup_writer = socketpair()

    def fileno(self) -> int:
        """For poll()."""
        return self._sock.fileno()

    def answer(self, kind: int, content: bytes) -> None:
        """Waits for Node's first question, whether the application is loaded, and answers it."""
        while not self._asked:
            self._wait_for_record()
        self._send(kind, content)

    def ask(self, kind: int, content: bytes) -> Dict[str, str]:
        """Sends a record before the application is loaded, and returns the pairs of Node's answer of the same type."""
        self._send(kind, content)
        while True:
            answered, answer = self._wait_for_record()
            if answered == kind:
                return fastcgi.read_pairs(answer)

    def log(self, content: bytes) -> bool:
        """Sends a LOG record. Any thread may call it. Returns False in a forked child, to which the lane does not belong."""
        if not self._forked:
            self._send(fastcgi.LOG, content)
        return not self._forked

    def watch_signals(self) -> None:
        """Reports SIGTERM to Node from now on, which then decides when the process exits. Called in the main thread."""
        self._wakeup_reader.setblocking(False)
        self._wakeup_writer.setblocking(False)
        # A handler of the application stays: it runs in addition to the wake-up. The default handler, and the one that this
        # package installed for the start, are replaced, because they would end the process.
        previous: Any = signal.getsignal(signal.SIGTERM)
        if previous == signal.SIG_DFL or forks.is_ours(previous):
            # asyncio, if the application uses it in the main thread, may take the wake-up away.
            forks.set_handler(signal.SIGTERM, lambda _signal, _frame: self.request_exit())
        signal.set_wakeup_fd(self._wakeup_writer.fileno(), warn_on_full_buffer=False)

    def request_exit(self) -> None:
        """Asks Node to end this process. Node may be asked more than once."""
        self._send(fastcgi.EXIT_REQUESTED, b"")

    def report_worker(self, content: bytes) -> None:
        """Reports the end of a worker, for a template."""
        self._send(fastcgi.WORKER_ENDED, content)

    def serve(self, interruptibles: Sequence[Interruptible]) -> None:
        """Returns when Node has closed the lane. An exception in a signal handler of the application does not end it."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        poll.register(self._wakeup_reader, select.POLLIN)
        while survives(lambda: self._serve_ready(poll, interruptibles), self):
            pass

    def _serve_ready(self, poll: "select.poll", interruptibles: Sequence[Interruptible]) -> bool:
        """Returns False when Node has closed the lane."""
        if self._wakeup_reader.fileno() in (ready for ready, _ in poll.poll()):
            return self._receive_signals()
        return self._receive(interruptibles)

    def serve_green(self, interruptibles: Sequence[Interruptible], threads: GreenThreads) -> None:
        """The same as `serve`, for the main green thread."""
        threads.start("signals", lambda: self._watch_green(threads))
        while survives(lambda: self._serve_green(interruptibles, threads), self):
            pass

    def _serve_green(self, interruptibles: Sequence[Interruptible], threads: GreenThreads) -> bool:
        threads.wait_readable(self._sock.fileno())
        return self._receive(interruptibles)

    def _watch_green(self, threads: GreenThreads) -> None:
        while True:
            threads.wait_readable(self._wakeup_reader.fileno())
            if not self._receive_signals():
                return

    def after_fork(self) -> None:
        """Called in a forked child: Node must not be told of its signals, and the lane belongs to the parent."""
        descriptor = signal.set_wakeup_fd(-1)
        if descriptor not in (-1, self._wakeup_writer.fileno()):
            signal.set_wakeup_fd(descriptor)  # the application has set it
        self._forked = True
        self._sending = threading.RLock()
        for sock in (self._sock, self._wakeup_reader, self._wakeup_writer):
            sock.close()

    def _receive_signals(self) -> bool:
        signals = _recv(self._wakeup_reader)
        if signal.SIGTERM in signals:
            self.request_exit()
        return bool(signals)

    def _receive(self, interruptibles: Sequence[Interruptible]) -> bool:
        questions = self.receive()
        for question in questions or ():
            stack = interruptibles[int(question["lane"])].interrupt(int(question["request"]))
            self._send(fastcgi.STACK, fastcgi.pairs((("stack", stack[-_MAX_STACK:]),)))
        return questions is not None

    def receive(self) -> Optional[List[Dict[str, str]]]:
        """Returns the pairs of each record that has come; None when Node has closed the lane."""
        data = _recv(self._sock)
        self._data += data
        return [fastcgi.read_pairs(content) for _, content in iter(self._next_record, None)] if data else None

    def _wait_for_record(self) -> Tuple[int, bytes]:
        """Returns type and content of the next record. Ends the process if Node has exited."""
        while True:
            received = self._next_record()
            if received is not None:
                self._asked = self._asked or received[0] == fastcgi.GET_VALUES
                return received
            data = self._sock.recv(_RECEIVE)
            if not data:
                sys.exit(0)
            self._data += data

    def _next_record(self) -> Optional[Tuple[int, bytes]]:
        """Returns type and content of the next record; None if the record is not complete yet."""
        if len(self._data) < fastcgi.HEADER_LENGTH:
            return None
        kind, _, length, padding = fastcgi.read_header(self._data, 0)
        end = fastcgi.HEADER_LENGTH + length
        if len(self._data) < end + padding:
            return None
        content = bytes(self._data[fastcgi.HEADER_LENGTH : end])
        del self._data[: end + padding]
        return kind, content

    def _send(self, kind: int, content: bytes) -> None:
        """Waits while Node does not read, as a write to stderr does. So the records that wait are as few as the threads."""
        self._unsent.append(fastcgi.record(kind, fastcgi.NULL_REQUEST_ID, content))
        with self._sending:
            if self._is_sending:
                return  # a signal handler has interrupted the loop below, which sends the record next
            self._is_sending = True
            try:
                while self._unsent:
                    self._sock.sendall(self._unsent.popleft())
            except OSError:
                pass  # Node has exited; the next receive notices it
            finally:
                self._is_sending = False


def survives(function: Callable[[], bool], control: Control) -> bool:
    """Calls the function and returns its result. If a signal handler of the application raises in it, returns True."""
    try:
        return function()
    except SystemExit:
        control.request_exit()
    except Exception:
        traceback.print_exc()
    return True


def _recv(sock: Any) -> bytes:
    """Returns b"" when Node has closed the lane, or the application has closed the descriptor."""
    try:
        return sock.recv(_RECEIVE)  # type: ignore[no-any-return]
    except OSError:
        return b""


#: In characters: the stack trace, as UTF-8, must fit into one record.
_MAX_STACK = 12_000
