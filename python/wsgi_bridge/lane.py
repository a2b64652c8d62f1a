"""One lane: a socket that carries one request at a time. Knows records; knows no WSGI."""

import os
import socket
from typing import Any, Dict, Iterable, Optional

from . import fastcgi
from .inbound import Inbound
from .receiver import LaneClosed
from .threads import Threads

_MORE: int = getattr(socket, "MSG_MORE", 0)

#: Parts of the two records that end a request, an empty STDOUT and END_REQUEST. `end` puts the request's id between them.
_STDOUT_END = fastcgi.header(fastcgi.STDOUT, 0, 0)[:2]
_END = fastcgi.header(fastcgi.STDOUT, 0, 0)[4:] + fastcgi.header(fastcgi.END_REQUEST, 0, 8)[:2]
_END_LENGTH = fastcgi.header(fastcgi.END_REQUEST, 0, 8)[4:]
_COMPLETE = bytes((fastcgi.REQUEST_COMPLETE, 0, 0, 0))


class RequestEndedError(ValueError):
    """The application used something of a request, such as wsgi.input or write(), after the request had ended."""


class Lane:
    """
    Receives requests, one after another, and sends their responses. Any thread may call a method that takes the id of a
    request. If that request has ended, the call raises RequestEndedError, and has no effect on the next request of the lane.
    """

    def __init__(self, sock: Any, threads: Optional[Threads] = None) -> None:
        self._sock = sock
        self._threads = threads = threads or Threads()
        self._sending = threads.lock()
        self._open = False
        self._forked = False
        #: Interrupts the thread that serves the lane.
        self.interruptible = threads.interruptible()
        #: The receiving half.
        self.inbound = Inbound(sock, threads, self.interruptible, self.require)

    def next_request(self) -> Optional[Dict[str, str]]:
        """Returns the parameters of the next request; None when the lane is closed. Raises WrongRecordError."""
        params = self.inbound.next_request()
        self._open = params is not None
        return params

    @property
    def request_id(self) -> int:
        """The id of the current request, or of the last one."""
        return self.inbound.request_id

    @property
    def forked(self) -> bool:
        """True in a forked child, to which the lane does not belong."""
        return self._forked

    def send(self, request_id: int, parts: Iterable[fastcgi.Buffer]) -> None:
        """Sends records of a request. Records of several threads are never mixed. Raises RequestEndedError, LaneClosed."""
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
        """Sends `size` bytes of a file, at most 65535, as STDOUT. Raises RequestEndedError, LaneClosed."""
        shielded = self.interruptible.shield()
        try:
            with self._sending:
                self.require(request_id)
                self._send_pieces(request_id, descriptor, offset, size)
        finally:
            if shielded:
                self.interruptible.unshield()

    def _send_pieces(self, request_id: int, descriptor: int, offset: int, size: int) -> None:
        try:
            self._sock.sendall(fastcgi.header(fastcgi.STDOUT, request_id, size), _MORE)
            while size > 0:
                sent = self._send_piece(descriptor, offset, size)
                if sent == 0:
                    raise LaneClosed  # the file was truncated after its size was read
                offset += sent
                size -= sent
        except BaseException as error:
            self._shut_down()
            if isinstance(error, OSError):
                raise LaneClosed from error
            raise

    def _shut_down(self) -> None:
        """
        Closes the lane, because the rest of a record that was begun cannot be sent. Node aborts the response, and replaces the
        process when its requests have ended.
        """
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the lane is closed already

    def _send_piece(self, descriptor: int, offset: int, size: int) -> int:
        try:
            return os.sendfile(self._sock.fileno(), descriptor, offset, size)
        except OSError:  # some file systems do not support it; if the lane is closed, sendall fails as well
            data = os.pread(descriptor, size, offset)
            self._sock.sendall(data)
            return len(data)

    def end(self, app_status: int, parts: Iterable[fastcgi.Buffer] = ()) -> None:
        """Sends the last records of the current request, and its end. Idempotent. Raises LaneClosed."""
        self.interruptible.end()  # before Node receives the end and sends the next request
        with self._sending:
            if not self._open:
                return
            self._open = False
            number = self.inbound.request_id.to_bytes(2, "big")
            status = app_status.to_bytes(4, "big")
            ended = _STDOUT_END + number + _END + number + _END_LENGTH + status + _COMPLETE
            self._send_all(b"".join((*parts, ended)))

    def close(self) -> None:
        """Closes the socket. Called when the lane's thread ends."""
        try:
            self._sock.close()
        except OSError:
            pass  # the application has closed the descriptor

    def after_fork(self) -> None:
        """Called in a forked child: the lane belongs to the parent, and a lock of another thread would stay locked for ever."""
        self._forked = True
        self._open = False
        self._sending = self._threads.lock()
        self.inbound.after_fork()
        self._sock.close()

    def require(self, request_id: int) -> None:
        """Raises RequestEndedError unless the request is the current one and belongs to this process."""
        if self._forked:
            raise RequestEndedError(
                "this process was forked during a request, which only its parent can answer; end it with os._exit()"
            )
        if not self._open or request_id != self.inbound.request_id:
            raise RequestEndedError(
                "the request has ended, so its wsgi.input, start_response(), write() and client_disconnected() cannot be "
                "used any more; pass a thread that keeps running the data it needs before the application returns"
            )

    def _send_all(self, data: bytes) -> None:
        try:
            self._sock.sendall(data)
        except OSError as error:
            raise LaneClosed from error
        except BaseException:  # a signal handler of the application has raised in the main thread
            self._shut_down()
            raise
