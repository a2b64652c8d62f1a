"""The response writer: PEP 3333's rules of order and length. Mirrors `src/wsgi/response.ts`; knows a lane and no socket."""

from typing import Any, Callable, Iterable, List, Optional, Tuple

from . import fastcgi
from .files import RealFile, real_file
from .head import AppProtocolError, Head, parse_head
from .lane import Lane

#     idle --start--> held --commit--> sent --restart--> broken    (PEP 3333, "The start_response() Callable")
# `held` exists because the head must wait for the first non-empty block; until then exc_info may replace it.
IDLE, HELD, SENT, BROKEN = "idle", "held", "sent", "broken"

#: Results that have no close().
_UNCLOSED = (list, tuple)


class Response:
    """One response on its way to a lane. `method` decides whether a body may follow the head."""

    def __init__(self, lane: Lane, method: str) -> None:
        self._lane = lane
        self._request_id = lane.request_id
        self._method = method
        self._state = IDLE
        #: None while idle, and after a call of start_response that was refused.
        self._head: Optional[Head] = None
        #: Bytes that the declared length still allows; None without one.
        self._left: Optional[int] = None
        self._bodyless = False
        self._used_write = False

    def start_response(
        self, status: str, headers: List[Tuple[str, str]], exc_info: Any = None, *surplus: Any
    ) -> Callable[[bytes], None]:
        """PEP 3333's start_response, given to the application as a bound method."""
        if surplus:
            raise TypeError("start_response() takes 2 or 3 positional arguments")
        if exc_info:
            try:
                if self._state in (SENT, BROKEN):
                    self._state = BROKEN  # whatever the application makes of the exception, it gets no further byte out
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # no circle of traceback and frame
        elif self._state != IDLE:
            if not self._lane.forked:
                self._lane.require(self._request_id)
            raise AppProtocolError("start_response was called twice; a second call needs exc_info")
        self._state = HELD
        self._head = None
        self._head = parse_head(status, headers)
        return self.write

    def client_disconnected(self) -> bool:
        """True when the client has left. Never waits. Raises RequestEndedError once the request has ended."""
        return self._lane.inbound.client_disconnected(self._request_id)

    def write(self, data: bytes) -> None:
        """
        The old-style write: sends at once, before the blocks of the result. Raises ConnectionAbortedError when the client has
        left, RequestEndedError once the request has ended.
        """
        if not isinstance(data, bytes):
            raise AppProtocolError("write() takes bytes, got %s" % type(data).__name__)
        self._lane.require(self._request_id)
        self._used_write = True
        head = self._commit(None) if self._state != SENT else b""
        if self._left is not None and not self._bodyless and len(data) > self._left:
            raise AppProtocolError("write() was given more than the Content-Length")
        parts = self._records(head, data)
        if parts:
            self._lane.send(self._request_id, parts)
        if self.client_disconnected():
            raise ConnectionAbortedError("the client has left; nobody takes what is written")

    def finish(self, result: Iterable[bytes]) -> bool:
        """Sends the result's blocks. True: the end of the request went out with them."""
        if isinstance(result, (str, bytes)):
            raise AppProtocolError("the application returned its body bare; return a list of one bytes object: [body]")
        unclosed = type(result) in _UNCLOSED
        file = None if unclosed else real_file(result)
        if file is not None:
            return self._finish_file(file)
        single = not self._used_write and _length(result) == 1
        for block in result:
            if not isinstance(block, bytes):
                raise AppProtocolError("each block of the body must be bytes, got %s" % type(block).__name__)
            if not block:
                continue
            head = self._commit(len(block) if single else None) if self._state != SENT else b""
            surplus = self._left is not None and len(block) > self._left
            parts = self._records(head, block)
            if single and unclosed:
                return self._end(parts)
            if parts:
                self._lane.send(self._request_id, parts)
            if surplus or self._bodyless or self.client_disconnected():
                return False
        head = self._commit(0) if self._state != SENT else b""
        if unclosed:
            return self._end(self._records(head, b""))
        if head:
            self._lane.send(self._request_id, self._records(head, b""))
        self._require_all()
        return False

    def _finish_file(self, file: RealFile) -> bool:
        """The file's bytes go to the lane without coming here; what a client sees is what the blocks would have been."""
        if self._state != SENT:
            self._lane.send(self._request_id, self._records(self._commit(None), b""))
        while not self._bodyless:
            size = file.next_piece(self._left)
            if size == 0:
                self._require_all()
                break
            self._lane.send_file(self._request_id, file.descriptor, file.offset, size)
            file.offset += size
            if self._left is not None:
                self._left -= size
            if self.client_disconnected():
                break
        file.leave()
        return False

    def _end(self, parts: List[fastcgi.Buffer]) -> bool:
        """There is nothing to close: the last of the response and its end go out in one piece."""
        self._require_all()
        self._lane.end(0, parts)
        return True

    def _commit(self, known: Optional[int]) -> bytes:
        """The head. `known` is the body's length where it is known without the application's declaration."""
        if self._state == BROKEN:
            raise AppProtocolError("a block, or the end, is not allowed after start_response had raised")
        if self._state == IDLE:
            raise AppProtocolError("a block, or the end, came before start_response was called")
        if self._head is None:
            raise AppProtocolError("a block, or the end, came after start_response had refused its arguments")
        self._state = SENT
        code, lines, length = self._head
        self._bodyless = self._method == "HEAD" or code in (204, 205, 304)
        # Node's writer decides the framing; here it is only said what this side alone knows.
        if length is None and known is not None and code not in (204, 304) and (known > 0 or self._method != "HEAD"):
            length = known
            lines += "\r\nContent-Length: %d" % known
        self._left = length
        return (lines + "\r\n\r\n").encode("latin-1")

    def _records(self, head: bytes, block: bytes) -> List[fastcgi.Buffer]:
        """What to send of a head, if it is not sent, and a block: one record, where they fit into it."""
        if self._bodyless:
            block = b""
        elif self._left is not None:
            self._left = max(0, self._left - len(block))  # a surplus is sent all the same: Node cuts it, and says so
        if not head or len(head) + len(block) <= fastcgi.MAX_CONTENT:
            return fastcgi.stream(fastcgi.STDOUT, self._request_id, head + block)
        stream = fastcgi.stream(fastcgi.STDOUT, self._request_id, head)
        return stream + fastcgi.stream(fastcgi.STDOUT, self._request_id, block)

    def _require_all(self) -> None:
        if self._left and not self._bodyless:
            raise AppProtocolError("the body is %d bytes shorter than its Content-Length" % self._left)


def _length(result: Any) -> Optional[int]:
    try:
        return len(result)
    except TypeError:
        return None
