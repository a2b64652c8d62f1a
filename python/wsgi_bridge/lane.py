"""One lane: a socket that carries one request at a time. Knows records; knows no WSGI."""

import os
import socket
import threading
from collections import deque
from typing import Deque, Dict, Iterable, List, Optional

from . import fastcgi
from .receiver import Gone, Receiver
from .turn import Turn

#: How much of a body is read ahead when the lane is only asked whether the client is still there: more than the system holds
#: of a lane, so that ABORT_REQUEST, which follows what was sent before it, is seen behind a body that nobody reads.
_READ_AHEAD = 512 * 1024
_MORE: int = getattr(socket, "MSG_MORE", 0)

#: The end of a request, around its id: an empty STDOUT, and END_REQUEST.
_STDOUT_END = fastcgi.header(fastcgi.STDOUT, 0, 0)[:2]
_END = fastcgi.header(fastcgi.STDOUT, 0, 0)[4:] + fastcgi.header(fastcgi.END_REQUEST, 0, 8)[:2]
_END_LENGTH = fastcgi.header(fastcgi.END_REQUEST, 0, 8)[4:]
_COMPLETE = bytes((fastcgi.REQUEST_COMPLETE, 0, 0, 0))


class RequestEndedError(ValueError):
    """The application used a part of a request (wsgi.input, write) after the request had ended."""


class Lane:
    """
    Reads requests, one after another, and sends what answers them. Whatever speaks for a request names its id, in any thread:
    what comes after the request's end raises RequestEndedError, and the next request on the lane does not notice.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sending = threading.Lock()
        #: Held by the thread that reads from the socket.
        self._receiving = threading.Lock()
        self._receiver = Receiver(sock)
        self._stdin: Deque[bytes] = deque()
        self._stdin_held = 0
        self._stdin_ended = True
        self._aborted = False
        self._request_id = 0
        self._open = False
        self._forked = False
        #: The thread's turn at the current request.
        self.turn = Turn()

    def next_request(self) -> Optional[Dict[str, str]]:
        """The parameters of the next request; None when the lane is closed. Raises ValueError for another request's records."""
        try:
            with self._receiving:  # a thread that still reads the last request's body has it until the record is whole
                self._discard_stdin()
            request_id = fastcgi.next_request_id(self._request_id)
            params = self._receiver.bodyless_request(request_id)
            if params is not None:
                self._begun(request_id, True)
                return fastcgi.read_pairs(params)
            params = self._read_params(request_id)
        except Gone:
            return None
        self._begun(request_id, False)
        if not self._receiver.empty:  # a request without a body has come whole
            self._receive_one()
        return fastcgi.read_pairs(params)

    def _read_params(self, request_id: int) -> bytes:
        while True:
            kind, number, _ = self._receiver.record()
            if kind == fastcgi.BEGIN_REQUEST and number == request_id:
                break
            if kind != fastcgi.ABORT_REQUEST or number != self._request_id:  # that one crossed the end of its request
                raise ValueError("a record of type %d for request %d came before request %d" % (kind, number, request_id))
        params: List[bytes] = []
        while True:
            kind, number, content = self._receiver.record()
            if kind != fastcgi.PARAMS or number != request_id:
                raise ValueError("a record of type %d for request %d came within the parameters" % (kind, number))
            if not content:
                return b"".join(params)
            params.append(content)

    def _begun(self, request_id: int, bodyless: bool) -> None:
        self._request_id = request_id
        self._stdin_ended = bodyless
        self._aborted = False
        self._open = True

    @property
    def request_id(self) -> int:
        """The id of the current request, or of the last one."""
        return self._request_id

    @property
    def forked(self) -> bool:
        """True in a child process that was forked off: the lane is the parent's."""
        return self._forked

    @property
    def aborted(self) -> bool:
        """True when it is known that the client has left."""
        return self._aborted

    @property
    def has_body(self) -> bool:
        """False when the body is known to be empty."""
        return not self._stdin_ended or bool(self._stdin)

    def read_stdin(self, request_id: int) -> bytes:
        """The next piece of the body; empty at its end. Raises ConnectionAbortedError (the client left), RequestEndedError."""
        with self._receiving:
            if not self._forked:  # a forked child may have what had come before it was forked
                self.require(request_id)
            while not self._stdin:
                if self._aborted:
                    raise ConnectionAbortedError("the client closed the connection before its body was whole")
                if self._stdin_ended:
                    return b""
                self.require(request_id)
                self._receive_one()
            piece = self._stdin.popleft()
            self._stdin_held -= len(piece)
            return piece

    def client_disconnected(self, request_id: int) -> bool:
        """
        True when the client has left. Never waits, and costs one system call. Behind more than 512 KiB of a body that nobody
        reads it cannot see. Raises RequestEndedError.
        """
        if not self._receiving.acquire(blocking=False):
            self.require(request_id)
            return self._aborted  # another thread is reading the body, and will see it
        try:
            self.require(request_id)
            while not self._aborted and self._stdin_held < _READ_AHEAD and self._receiver.has_record():
                self._receive_one()
        except Gone:  # Node has left, and with it all clients
            self._aborted = True
        finally:
            self._receiving.release()
        return self._aborted

    def send(self, request_id: int, parts: Iterable[fastcgi.Buffer]) -> None:
        """Sends records of a request whole, however many threads send. Raises RequestEndedError; Gone when the lane is closed."""
        data = b"".join(parts)
        with self._sending:
            self.require(request_id)
            self._send_all(data)

    def send_file(self, request_id: int, descriptor: int, offset: int, size: int) -> None:
        """Sends `size` bytes of a file, at most 65535, as STDOUT. Raises RequestEndedError, Gone."""
        with self._sending:
            self.require(request_id)
            try:
                self._sock.sendall(fastcgi.header(fastcgi.STDOUT, request_id, size), _MORE)
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
        """Sends the last records of the current request, and its end. Does nothing when that was done before. Raises Gone."""
        self.turn.end()  # before Node hears of the end, and sends the next request
        with self._sending:
            if not self._open:
                return
            self._open = False
            number = self._request_id.to_bytes(2, "big")
            status = app_status.to_bytes(4, "big")
            ended = _STDOUT_END + number + _END + number + _END_LENGTH + status + _COMPLETE
            self._send_all(b"".join((*parts, ended)))

    def close(self) -> None:
        """Nobody serves it any more."""
        self._sock.close()

    def forget(self) -> None:
        """In a child process that was forked off: the lane is the parent's, and other threads' locks are held for ever."""
        self._forked = True
        self._open = False
        self._sending = threading.Lock()
        self._receiving = threading.Lock()
        self._sock.close()

    def require(self, request_id: int) -> None:
        """Raises RequestEndedError unless it is the current request of this process."""
        if self._forked:
            raise RequestEndedError(
                "this process was forked off in a request, which only its parent can answer; end it with os._exit()"
            )
        if request_id != self._request_id or not self._open:
            raise RequestEndedError(
                "the request has ended, so its wsgi.input, write() and client_disconnected() cannot be used any more; "
                "let what runs on in a thread have its data before the application returns"
            )

    def _send_all(self, data: bytes) -> None:
        try:
            self._sock.sendall(data)
        except OSError as error:
            raise Gone from error

    def _discard_stdin(self) -> None:
        self._stdin.clear()
        while not self._stdin_ended:
            self._receive_one()
            self._stdin.clear()
        self._stdin_held = 0

    def _receive_one(self) -> None:
        """Takes one record of the current request."""
        kind, number, content = self._receiver.record()
        if number != self._request_id:
            raise ValueError("a record of type %d for request %d came within request %d" % (kind, number, self._request_id))
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
