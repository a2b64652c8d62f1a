"""One lane: a socket that carries one request at a time. Knows records; knows no WSGI."""

import select
import socket
import threading
from collections import deque
from typing import Deque, Dict, Iterable, Optional

from . import fastcgi
from .turn import Turn

_RECEIVE = 65536
#: How much of a body is read ahead when the lane is only asked whether the client is still there.
_READ_AHEAD = 65536
_STDOUT_END = fastcgi.record(fastcgi.STDOUT, fastcgi.REQUEST_ID, b"")


class Gone(Exception):
    """The other end has closed the lane: there is nobody left to serve."""


class Lane:
    """Reads requests, one after another, and sends what answers them. `send` may be called by any thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._sending = threading.Lock()
        self._data = b""
        self._at = 0
        self._stdin: Deque[bytes] = deque()
        self._stdin_held = 0
        self._stdin_ended = True
        self._aborted = False
        self._open = False
        #: The thread's turn at the request under way.
        self.turn = Turn()

    def next_request(self) -> Optional[Dict[str, str]]:
        """The parameters of the next request; None when the lane is closed."""
        try:
            self._discard_stdin()
            while True:
                kind, _, content = self._record()
                if kind == fastcgi.BEGIN_REQUEST:
                    break
                # ABORT_REQUEST crossed the end of the request before; all else has no meaning here.
            params = b""
            while True:
                kind, _, content = self._record()
                if kind != fastcgi.PARAMS:
                    raise ValueError("a record of type %d came before the parameters had ended" % kind)
                if not content:
                    break
                params = params + content if params else content
        except Gone:
            return None
        self._stdin_ended = False
        self._aborted = False
        self._open = True
        if self._at < len(self._data):  # a request without a body has come whole
            self._receive_one()
        return fastcgi.read_pairs(params)

    @property
    def aborted(self) -> bool:
        """True when it is known that the client has left."""
        return self._aborted

    @property
    def has_body(self) -> bool:
        """False when the body is known to be empty."""
        return not self._stdin_ended or bool(self._stdin)

    def read_stdin(self) -> bytes:
        """The next piece of the body; empty at its end. Raises ConnectionAbortedError when the client has left."""
        while not self._stdin:
            if self._aborted:
                raise ConnectionAbortedError("the client closed the connection before its body was whole")
            if self._stdin_ended:
                return b""
            self._receive_one()
        piece = self._stdin.popleft()
        self._stdin_held -= len(piece)
        return piece

    def client_disconnected(self) -> bool:
        """True when the client has left. Never waits."""
        while not self._aborted and self._stdin_held < _READ_AHEAD and self._readable():
            self._receive_one()
        return self._aborted

    def send(self, parts: Iterable[fastcgi.Buffer]) -> None:
        """Sends records whole, however many threads send. Raises Gone when the lane is closed."""
        data = b"".join(parts)
        try:
            with self._sending:
                self._sock.sendall(data)
        except OSError as error:
            raise Gone from error

    def end(self, app_status: int, parts: Iterable[fastcgi.Buffer] = ()) -> None:
        """Sends the last records of a request, and its end. Does nothing when that was done before."""
        self.turn.end()  # before Node hears of the end, and sends the next request
        if not self._open:
            return
        self._open = False
        content = app_status.to_bytes(4, "big") + bytes((fastcgi.REQUEST_COMPLETE, 0, 0, 0))
        self.send((*parts, _STDOUT_END, fastcgi.record(fastcgi.END_REQUEST, fastcgi.REQUEST_ID, content)))

    def close(self) -> None:
        """Nobody serves it any more."""
        self._sock.close()

    def _discard_stdin(self) -> None:
        self._stdin.clear()
        while not self._stdin_ended:
            self._receive_one()
            self._stdin.clear()
        self._stdin_held = 0

    def _readable(self) -> bool:
        return self._at < len(self._data) or bool(self._poll.poll(0))

    def _receive_one(self) -> None:
        """Takes one record of the request under way."""
        kind, _, content = self._record()
        if kind == fastcgi.STDIN:
            if content:
                self._stdin.append(content)
                self._stdin_held += len(content)
            else:
                self._stdin_ended = True
        elif kind == fastcgi.ABORT_REQUEST:
            self._aborted = True
        else:
            raise ValueError("a record of type %d has no place within a request" % kind)

    def _record(self) -> "tuple[int, int, bytes]":
        if len(self._data) - self._at < fastcgi.HEADER_LENGTH:
            self._fill(fastcgi.HEADER_LENGTH)
        kind, request_id, length, padding = fastcgi.read_header(self._data, self._at)
        start = self._at + fastcgi.HEADER_LENGTH
        self._at = start
        if len(self._data) - start < length + padding:
            self._fill(length + padding)
        content = self._data[self._at : self._at + length]
        self._at += length + padding
        return kind, request_id, content

    def _fill(self, count: int) -> None:
        """Receives until `count` bytes are there. Raises Gone when the lane ends."""
        parts = [self._data[self._at :]]
        held = len(parts[0])
        while held < count:
            try:
                part = self._sock.recv(max(_RECEIVE, count - held))
            except OSError:
                part = b""
            if not part:
                self._aborted = True
                raise Gone
            parts.append(part)
            held += len(part)
        self._data = b"".join(parts)
        self._at = 0
