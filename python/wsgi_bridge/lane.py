"""One lane: a socket that carries one request at a time. Knows records; knows no WSGI."""

import os
import socket
import threading
from collections import deque
from typing import Deque, Dict, Iterable, Optional

from . import fastcgi
from .receiver import Gone, Receiver
from .turn import Turn

#: How much of a body is read ahead when the lane is only asked whether the client is still there: more than the system holds
#: of a lane, so that ABORT_REQUEST, which follows what was sent before it, is seen behind a body that nobody reads.
_READ_AHEAD = 512 * 1024
_MORE: int = getattr(socket, "MSG_MORE", 0)


def _ended(app_status: int) -> bytes:
    content = app_status.to_bytes(4, "big") + bytes((fastcgi.REQUEST_COMPLETE, 0, 0, 0))
    stdout_end = fastcgi.record(fastcgi.STDOUT, fastcgi.REQUEST_ID, b"")
    return stdout_end + fastcgi.record(fastcgi.END_REQUEST, fastcgi.REQUEST_ID, content)


_ENDED_WELL = _ended(0)


class Lane:
    """Reads requests, one after another, and sends what answers them. `send` may be called by any thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sending = threading.Lock()
        self._receiver = Receiver(sock)
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
            params = self._receiver.bodyless_request()
            if params is not None:
                self._begun(True)
                return fastcgi.read_pairs(params)
            while True:
                kind, _, content = self._receiver.record()
                if kind == fastcgi.BEGIN_REQUEST:
                    break
                # ABORT_REQUEST crossed the end of the request before; all else has no meaning here.
            params = b""
            while True:
                kind, _, content = self._receiver.record()
                if kind != fastcgi.PARAMS:
                    raise ValueError("a record of type %d came before the parameters had ended" % kind)
                if not content:
                    break
                params = params + content if params else content
        except Gone:
            return None
        self._begun(False)
        if not self._receiver.empty:  # a request without a body has come whole
            self._receive_one()
        return fastcgi.read_pairs(params)

    def _begun(self, bodyless: bool) -> None:
        self._stdin_ended = bodyless
        self._aborted = False
        self._open = True

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
        """
        True when the client has left. Never waits, and costs one system call. For the thread that serves the request: no
        other may read the lane. Behind more than 512 KiB of a body that nobody reads it cannot see.
        """
        try:
            while not self._aborted and self._stdin_held < _READ_AHEAD and self._receiver.has_record():
                self._receive_one()
        except Gone:  # Node has left, and with it all clients
            self._aborted = True
        return self._aborted

    def send(self, parts: Iterable[fastcgi.Buffer]) -> None:
        """Sends records whole, however many threads send. Raises Gone when the lane is closed."""
        data = b"".join(parts)
        try:
            with self._sending:
                self._sock.sendall(data)
        except OSError as error:
            raise Gone from error

    def send_file(self, descriptor: int, offset: int, size: int) -> None:
        """Sends `size` bytes of a file, at most 65535, as STDOUT. Raises Gone."""
        try:
            with self._sending:
                self._sock.sendall(fastcgi.header(fastcgi.STDOUT, fastcgi.REQUEST_ID, size), _MORE)
                while size > 0:
                    sent = self._send_piece(descriptor, offset, size)
                    if sent == 0:
                        # Truncated since its size was asked for. What the record has promised can never come, so that the lane
                        # is of no more use: Node breaks the response off, and replaces the process when its requests are over.
                        self._sock.shutdown(socket.SHUT_RDWR)
                        raise Gone
                    offset += sent
                    size -= sent
        except OSError as error:
            raise Gone from error

    def _send_piece(self, descriptor: int, offset: int, size: int) -> int:
        try:
            return os.sendfile(self._sock.fileno(), descriptor, offset, size)
        except OSError:  # some file systems cannot; a lane that is broken is so for this, too
            data = os.pread(descriptor, size, offset)
            self._sock.sendall(data)
            return len(data)

    def end(self, app_status: int, parts: Iterable[fastcgi.Buffer] = ()) -> None:
        """Sends the last records of a request, and its end. Does nothing when that was done before."""
        self.turn.end()  # before Node hears of the end, and sends the next request
        if not self._open:
            return
        self._open = False
        self.send((*parts, _ENDED_WELL if app_status == 0 else _ended(app_status)))

    def close(self) -> None:
        """Nobody serves it any more."""
        self._sock.close()

    def _discard_stdin(self) -> None:
        self._stdin.clear()
        while not self._stdin_ended:
            self._receive_one()
            self._stdin.clear()
        self._stdin_held = 0

    def _receive_one(self) -> None:
        """Takes one record of the request under way."""
        kind, _, content = self._receiver.record()
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
