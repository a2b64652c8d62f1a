"""One lane: a socket that carries one request at a time. Knows records; knows no WSGI."""

import os
import socket
import threading
from typing import Dict, Iterable, Optional

from . import fastcgi
from .inbound import Inbound
from .receiver import Gone
from .interruptible import Interruptible

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
        self._open = False
        self._forked = False
        #: The thread's turn at the current request.
        self.interruptible = Interruptible()
        #: What comes on it.
        self.inbound = Inbound(sock, self.interruptible, self.require)

    def next_request(self) -> Optional[Dict[str, str]]:
        """The parameters of the next request; None when the lane is closed. Raises ValueError for another request's records."""
        params = self.inbound.next_request()
        self._open = params is not None
        return params

    @property
    def request_id(self) -> int:
        """The id of the current request, or of the last one."""
        return self.inbound.request_id

    @property
    def forked(self) -> bool:
        """True in a child process that was forked off: the lane is the parent's."""
        return self._forked

    def send(self, request_id: int, parts: Iterable[fastcgi.Buffer]) -> None:
        """Sends records of a request whole, however many threads send. Raises RequestEndedError; Gone when the lane is closed."""
        data = b"".join(parts)
        shielded = self.interruptible.shield()
        try:
            with self._sending:
                self.require(request_id)
                self._send_all(data)
        finally:
            if shielded:
                self.interruptible.unshield()

    def send_file(self, request_id: int, descriptor: int, offset: int, size: int) -> None:
        """Sends `size` bytes of a file, at most 65535, as STDOUT. Raises RequestEndedError, Gone."""
        shielded = self.interruptible.shield()
        try:
            with self._sending:
                self.require(request_id)
                self._send_pieces(request_id, descriptor, offset, size)
        except Gone:
            self._break()
            raise
        finally:
            if shielded:
                self.interruptible.unshield()

    def _send_pieces(self, request_id: int, descriptor: int, offset: int, size: int) -> None:
        try:
            self._sock.sendall(fastcgi.header(fastcgi.STDOUT, request_id, size), _MORE)
            while size > 0:
                sent = self._send_piece(descriptor, offset, size)
                if sent == 0:
                    raise Gone  # the file was truncated since its size was asked for
                offset += sent
                size -= sent
        except OSError as error:
            raise Gone from error

    def _break(self) -> None:
        """
        What the record has promised can never come, so the lane is of no more use: Node breaks the response off, and replaces
        the process when its requests are over.
        """
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it is broken already

    def _send_piece(self, descriptor: int, offset: int, size: int) -> int:
        try:
            return os.sendfile(self._sock.fileno(), descriptor, offset, size)
        except OSError:  # some file systems cannot; a lane that is broken is so for this, too
            data = os.pread(descriptor, size, offset)
            self._sock.sendall(data)
            return len(data)

    def end(self, app_status: int, parts: Iterable[fastcgi.Buffer] = ()) -> None:
        """Sends the last records of the current request, and its end. Does nothing when that was done before. Raises Gone."""
        self.interruptible.end()  # before Node hears of the end, and sends the next request
        with self._sending:
            if not self._open:
                return
            self._open = False
            number = self.inbound.request_id.to_bytes(2, "big")
            status = app_status.to_bytes(4, "big")
            ended = _STDOUT_END + number + _END + number + _END_LENGTH + status + _COMPLETE
            self._send_all(b"".join((*parts, ended)))

    def close(self) -> None:
        """Nobody serves it any more."""
        try:
            self._sock.close()
        except OSError:
            pass  # the application has closed the descriptor

    def forget(self) -> None:
        """In a child process that was forked off: the lane is the parent's, and other threads' locks are held for ever."""
        self._forked = True
        self._open = False
        self._sending = threading.Lock()
        self.inbound.forget()
        self._sock.close()

    def require(self, request_id: int) -> None:
        """Raises RequestEndedError unless it is the current request of this process."""
        if self._forked:
            raise RequestEndedError(
                "this process was forked off in a request, which only its parent can answer; end it with os._exit()"
            )
        if not self._open or request_id != self.inbound.request_id:
            raise RequestEndedError(
                "the request has ended, so its wsgi.input, start_response(), write() and client_disconnected() cannot be "
                "used any more; let what runs on in a thread have its data before the application returns"
            )

    def _send_all(self, data: bytes) -> None:
        try:
            self._sock.sendall(data)
        except OSError as error:
            raise Gone from error
