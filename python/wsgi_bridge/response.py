"""Writes responses and enforces PEP 3333's rules. Mirrors `src/wsgi/response.ts`. Knows a lane; knows no socket."""

from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from . import fastcgi
from .files import RealFile, real_file
from .head import AppProtocolError, Head, parse_head
from .lane import Lane
from .lenient import log_once, repaired_head

#     idle --start--> held --commit--> sent --restart--> broken    (PEP 3333, "The start_response() Callable")
# In `held` the head waits for the first non-empty block. Until then a call with exc_info may replace it. After that such a call
# breaks the response.
IDLE, HELD, SENT, BROKEN = "idle", "held", "sent", "broken"

#: Types of results that have no close().
_NO_CLOSE = (list, tuple)


class Response:
    """
    Writes one response to a lane. The request's method decides whether the response has a body. Unless `strict` is true, what
    gunicorn serves is served as well, and logged.
    """

    def __init__(self, lane: Lane, environ: Dict[str, Any], strict: bool) -> None:
        self._lane = lane
        self._request_id = lane.request_id
        self._method: str = environ["REQUEST_METHOD"]
        self._uri: str = environ.get("REQUEST_URI", "")
        self._strict = strict
        self._state = IDLE
        #: None while idle, and after start_response has rejected its arguments.
        self._head: Optional[Head] = None
        #: How many more bytes the Content-Length allows; None without a Content-Length.
        self._left: Optional[int] = None
        self._bodyless = False
        self._used_write = False

    def start_response(
        self, status: str, headers: List[Tuple[str, str]], exc_info: Any = None, *surplus: Any
    ) -> Callable[[bytes], None]:
        """PEP 3333's start_response. The application gets it as a bound method."""
        if surplus:
            raise TypeError("start_response() takes 2 or 3 positional arguments")
        if exc_info:
            try:
                if self._state in (SENT, BROKEN):
                    self._state = BROKEN  # even if the application catches the exception, it can send no more bytes
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # avoids a reference cycle of traceback and frame
        elif self._state != IDLE:
            if not self._lane.forked:
                self._lane.require(self._request_id)
            if self._strict or self._state != HELD or self._head is not None:
                raise AppProtocolError("start_response was called twice; a second call needs exc_info")
            what = "start_response was called again, without exc_info, after it had raised"
            log_once("restart", what, "its new arguments were used; pass it exc_info", self._request)
        self._state = HELD
        self._head = None
        try:
            self._head = parse_head(status, headers)
        except AppProtocolError:
            if self._strict:
                raise
        if self._head is None:
            self._head = repaired_head(status, headers, self._request)
        return self.write

    def client_disconnected(self) -> bool:
        """Returns True when the client has disconnected. Never waits. Raises RequestEndedError after the request has ended."""
        return self._lane.inbound.client_disconnected(self._request_id)

    def write(self, data: bytes) -> None:
        """
        PEP 3333's write callable: sends the data at once, before the blocks of the result. Raises ConnectionAbortedError when
        the client has disconnected, RequestEndedError after the request has ended.
        """
        if not isinstance(data, bytes):
            raise AppProtocolError("write() takes bytes, got %s" % type(data).__name__)
        self._lane.require(self._request_id)
        self._used_write = True
        head = self._commit(None) if self._state != SENT else b""
        if self._left is not None and not self._bodyless and len(data) > self._left:
            if self._strict:
                raise AppProtocolError("write() exceeds the Content-Length")
            remedy = "the surplus was dropped; write as many bytes as it says"
            log_once("write", "write() exceeds the Content-Length", remedy, self._request)
            data = data[: self._left]
        parts = self._records(head, data)
        if parts:
            self._lane.send(self._request_id, parts)
        if self.client_disconnected():
            raise ConnectionAbortedError("the client has disconnected, so the response cannot be sent")

    def finish(self, result: Iterable[bytes]) -> bool:
        """Sends the result's blocks. Returns True if the end of the request was sent with them."""
        if isinstance(result, (str, bytes)):
            if self._strict or result:
                raise AppProtocolError("the application returned its body bare; return a list of one bytes object: [body]")
            what = "the application returned an empty %s instead of a list" % type(result).__name__
            log_once("result", what, "an empty body was sent; return []", self._request, called=False)
            result = []
        no_close = type(result) in _NO_CLOSE
        file = None if no_close else real_file(result)
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
            if single and no_close:
                return self._end(parts)
            if parts:
                self._lane.send(self._request_id, parts)
            if surplus or self._bodyless or self.client_disconnected():
                return False
        head = self._commit(0) if self._state != SENT else b""
        if no_close:
            return self._end(self._records(head, b""))
        if head:
            self._lane.send(self._request_id, self._records(head, b""))
        self._require_all()
        return False

    def _finish_file(self, file: RealFile) -> bool:
        """Sends the file by `os.sendfile`. The client receives the same bytes as from the file's blocks."""
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
        file.update_position()
        return False

    def _end(self, parts: List[fastcgi.Buffer]) -> bool:
        """Sends the last records and the end of the request in one piece. For results without close()."""
        self._require_all()
        self._lane.end(0, parts)
        return True

    def _commit(self, known: Optional[int]) -> bytes:
        """Returns the head's bytes. `known` is the body's length, if it is known without a Content-Length."""
        if self._state == BROKEN:
            raise AppProtocolError("a block, or the end of the result, is not allowed after start_response has raised exc_info")
        if self._state == IDLE:
            raise AppProtocolError("the application sent a block, or ended its result, before it called start_response")
        if self._head is None:
            raise AppProtocolError("the application sent a block, or ended its result, after start_response had raised")
        self._state = SENT
        code, lines, length = self._head
        self._bodyless = self._method == "HEAD" or code in (204, 205, 304)
        # Node decides the framing of the body. This side adds only a length that Node cannot know.
        if length is None and known is not None and code not in (204, 304) and (known > 0 or self._method != "HEAD"):
            length = known
            lines += "\r\nContent-Length: %d" % known
        self._left = length
        return (lines + "\r\n\r\n").encode("latin-1")

    def _records(self, head: bytes, block: bytes) -> List[fastcgi.Buffer]:
        """Returns the records for a head, which may be empty, and a block: one record, if they fit into it."""
        if self._bodyless:
            block = b""
        elif self._left is not None:
            self._left = max(0, self._left - len(block))  # surplus bytes are sent as well: Node drops and logs them
        if not head or len(head) + len(block) <= fastcgi.MAX_CONTENT:
            return fastcgi.stream(fastcgi.STDOUT, self._request_id, head + block)
        stream = fastcgi.stream(fastcgi.STDOUT, self._request_id, head)
        return stream + fastcgi.stream(fastcgi.STDOUT, self._request_id, block)

    @property
    def _request(self) -> str:
        """The request, for the log."""
        return "%s %s" % (self._method, self._uri)

    def _require_all(self) -> None:
        """Raises AppProtocolError if the body is shorter than its Content-Length."""
        if self._left and not self._bodyless:
            raise AppProtocolError("the body is %d bytes shorter than its Content-Length" % self._left)


def _length(result: Any) -> Optional[int]:
    try:
        return len(result)
    except TypeError:
        return None
