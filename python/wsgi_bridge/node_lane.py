"""One lane to Node, seen from Python: one request at a time. Knows records and time-outs; knows no WSGI."""

import select
import socket
from typing import List, Optional, Tuple

from . import fastcgi
from .node_errors import NodeExitError, NodeTimeoutError

_RECEIVE = 65536
#: The content of BEGIN_REQUEST.
_RESPONDER = bytes((0, fastcgi.RESPONDER, fastcgi.KEEP_CONN, 0, 0, 0, 0, 0))

Record = Tuple[int, bytes]


class NodeLane:
    """Sends requests and receives records. Used by one thread at a time."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._poll = select.poll()
        self._data = b""
        self._unsent = b""
        #: The id of the current request, or of the last one. A new lane has none: 0, as the report of a start has.
        self._id = fastcgi.NULL_REQUEST_ID
        #: Seconds that Node may be silent while it is waited for; None: for ever.
        self.timeout: Optional[float] = None
        #: The request under way has been sent to its end.
        self.sent = True

    def begin(self, params: bytes, bodyless: bool) -> None:
        """Sends a request's head, and its end where it has no body. Raises NodeExitError."""
        self._id = fastcgi.next_request_id(self._id)
        parts: List[fastcgi.Buffer] = [
            fastcgi.record(fastcgi.BEGIN_REQUEST, self._id, _RESPONDER),
            *fastcgi.stream(fastcgi.PARAMS, self._id, params),
            fastcgi.header(fastcgi.PARAMS, self._id, 0),
        ]
        self.sent = bodyless
        if bodyless:
            parts.append(fastcgi.header(fastcgi.STDIN, self._id, 0))
        self._unsent = b"".join(parts)
        self._send_some()

    def stdin(self, piece: bytes) -> None:
        """A piece of the body; an empty one ends it."""
        if piece:
            self._unsent += b"".join(fastcgi.stream(fastcgi.STDIN, self._id, piece))
        else:
            self.end_stdin()
        self._send_some()

    def end_stdin(self) -> None:
        """Lets the body end here, whatever of it was sent."""
        if not self.sent:
            self.sent = True
            self._unsent += fastcgi.header(fastcgi.STDIN, self._id, 0)

    def abort(self) -> None:
        """Tells Node that the client has left; the request's end still comes."""
        self._unsent += fastcgi.header(fastcgi.ABORT_REQUEST, self._id, 0)
        self.end_stdin()
        self._send_some()

    @property
    def clear(self) -> bool:
        """True when nothing waits to be sent."""
        return not self._unsent

    def ready_record(self) -> Optional[Record]:
        """The next record, if it is there."""
        while True:
            record = self._cut()
            if record is not None or not self._receive():
                return record

    def record(self) -> Record:
        """The next record; sends on while it waits. Raises NodeTimeoutError, NodeExitError."""
        while True:
            record = self.ready_record()
            if record is not None:
                return record
            self.wait()

    def wait(self) -> None:
        """Until there is something to receive, or room to send in. Raises NodeTimeoutError, NodeExitError."""
        try:
            self._poll.register(self._sock, select.POLLIN | (select.POLLOUT if self._unsent else 0))
        except ValueError:
            raise NodeExitError("the NodeApp was closed while it served the request") from None
        if not self._poll.poll(None if self.timeout is None else self.timeout * 1000):
            raise NodeTimeoutError(
                "Node neither sent nor took a byte of the request for %g s; "
                "see why the JavaScript app does not answer, or give NodeApp a longer request_timeout" % (self.timeout or 0)
            )
        self._send_some()

    def flush(self) -> None:
        """Sends what is still to be sent."""
        while self._unsent:
            self.wait()
            if not self.clear and self._receive() and len(self._data) > 64 * _RECEIVE:
                raise NodeExitError("Node sends without end and takes nothing")

    def close(self) -> None:
        """Nobody uses it any more."""
        self._sock.close()

    def _send_some(self) -> None:
        while self._unsent:
            try:
                sent = self._sock.send(self._unsent)
            except BlockingIOError:
                return
            except OSError as error:
                raise NodeExitError("Node ended before it had taken the request") from error
            self._unsent = self._unsent[sent:]

    def _receive(self) -> bool:
        try:
            data = self._sock.recv(_RECEIVE)
        except BlockingIOError:
            return False
        except OSError as error:
            raise NodeExitError("Node ended before its response was whole") from error
        if not data:
            raise NodeExitError("Node ended before its response was whole")
        self._data += data
        return True

    def _cut(self) -> Optional[Record]:
        data = self._data
        if len(data) < fastcgi.HEADER_LENGTH:
            return None
        try:
            kind, request_id, length, padding = fastcgi.read_header(data, 0)
        except ValueError as error:
            raise NodeExitError("Node broke the protocol of its lane: %s" % error) from None
        end = fastcgi.HEADER_LENGTH + length
        if len(data) < end + padding:
            return None
        if request_id != self._id:
            raise NodeExitError("Node sent a record of request %d while request %d was current" % (request_id, self._id))
        self._data = data[end + padding :]
        return kind, data[fastcgi.HEADER_LENGTH : end]
