"""Python's end of a lane to Node, which carries one request at a time. Knows records and timeouts; knows no WSGI."""

import select
import socket
from typing import List, Optional, Tuple

from . import fastcgi
from .node_errors import NodeExitError, NodeTimeoutError

_RECEIVE = 65536
#: The content of BEGIN_REQUEST: a responder whose connection is kept.
_RESPONDER = bytes((0, fastcgi.RESPONDER, fastcgi.KEEP_CONN, 0, 0, 0, 0, 0))

Record = Tuple[int, bytes]


class NodeLane:
    """Sends requests and receives records. Used by one thread at a time."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._poll = select.poll()
        self._data = b""
        #: How many bytes of `_data` were already returned. Removing them for each record would copy the rest each time.
        self._at = 0
        self._unsent = b""
        #: The id of the current request, or of the last one. A new lane starts with 0, the id of a start report.
        self._id = fastcgi.NULL_REQUEST_ID
        #: How many seconds `wait` waits for Node; None for no limit.
        self.timeout: Optional[float] = None
        #: The argument of NodeApp that sets `timeout`, for the error message.
        self.limit = "request_timeout"
        #: True if the end of the current request's body is sent, or in `_unsent`.
        self.body_ended = True

    def begin(self, params: bytes, bodyless: bool) -> None:
        """Sends a request's parameters, and the end of the body if it has none. Raises NodeExitError."""
        self._id = fastcgi.next_request_id(self._id)
        parts: List[fastcgi.Buffer] = [
            fastcgi.record(fastcgi.BEGIN_REQUEST, self._id, _RESPONDER),
            *fastcgi.stream(fastcgi.PARAMS, self._id, params),
            fastcgi.header(fastcgi.PARAMS, self._id, 0),
        ]
        self.body_ended = bodyless
        if bodyless:
            parts.append(fastcgi.header(fastcgi.STDIN, self._id, 0))
        self._unsent = b"".join(parts)
        self._send_some()

    def stdin(self, piece: bytes) -> None:
        """Sends a piece of the body. An empty piece ends the body."""
        if piece:
            self._unsent += b"".join(fastcgi.stream(fastcgi.STDIN, self._id, piece))
        else:
            self.end_stdin()
        self._send_some()

    def end_stdin(self) -> None:
        """Ends the body, even if it is not complete."""
        if not self.body_ended:
            self.body_ended = True
            self._unsent += fastcgi.header(fastcgi.STDIN, self._id, 0)

    def abort(self) -> None:
        """Tells Node that the client has disconnected. Node still sends the end of the request."""
        self._unsent += fastcgi.header(fastcgi.ABORT_REQUEST, self._id, 0)
        self.end_stdin()
        self._send_some()

    @property
    def flushed(self) -> bool:
        """True if nothing waits to be sent."""
        return not self._unsent

    def ready_record(self) -> Optional[Record]:
        """Returns the next record; None if it has not arrived."""
        while True:
            record = self._next_record()
            if record is not None or not self._receive():
                return record

    def record(self) -> Record:
        """Waits for the next record. Sends pending bytes in the meantime. Raises NodeTimeoutError, NodeExitError."""
        while True:
            record = self.ready_record()
            if record is not None:
                return record
            self.wait()

    def wait(self) -> None:
        """Waits until the socket is readable, or writable if bytes are pending. Raises NodeTimeoutError, NodeExitError."""
        try:
            self._poll.register(self._sock, select.POLLIN | (select.POLLOUT if self._unsent else 0))
        except ValueError:
            raise NodeExitError("the NodeApp was closed while it served the request") from None
        if not self._poll.poll(None if self.timeout is None else self.timeout * 1000):
            raise NodeTimeoutError(
                "Node neither sent nor read a byte of the request for %g s; "
                "see why the JavaScript app does not respond, or give NodeApp a longer %s" % (self.timeout or 0, self.limit)
            )
        self._send_some()

    def flush(self) -> None:
        """Waits until all pending bytes are sent."""
        while self._unsent:
            self.wait()
            if not self.flushed and self._receive() and len(self._data) - self._at > 64 * _RECEIVE:
                raise NodeExitError("Node keeps sending and does not read")

    def close(self) -> None:
        """Closes the socket."""
        self._sock.close()

    def _send_some(self) -> None:
        while self._unsent:
            try:
                sent = self._sock.send(self._unsent)
            except BlockingIOError:
                return
            except OSError as error:
                raise NodeExitError("Node ended before it had read the whole request") from error
            self._unsent = self._unsent[sent:]

    def _receive(self) -> bool:
        try:
            data = self._sock.recv(_RECEIVE)
        except BlockingIOError:
            return False
        except OSError as error:
            raise NodeExitError("Node ended before its response was complete") from error
        if not data:
            raise NodeExitError("Node ended before its response was complete")
        self._data = self._data[self._at :] + data
        self._at = 0
        return True

    def _next_record(self) -> Optional[Record]:
        """Returns the next received record; None if it is not complete yet."""
        data = self._data
        at = self._at
        if len(data) - at < fastcgi.HEADER_LENGTH:
            return None
        try:
            kind, request_id, length, padding = fastcgi.read_header(data, at)
        except ValueError as error:
            raise NodeExitError("Node violated the FastCGI protocol: %s" % error) from None
        start = at + fastcgi.HEADER_LENGTH
        end = start + length
        if len(data) < end + padding:
            return None
        if request_id != self._id:
            raise NodeExitError("Node sent a record of request %d during request %d" % (request_id, self._id))
        self._at = end + padding
        return kind, data[start:end]
