"""Sends one request's body to Node and returns its response as a WSGI result. Knows the order of records; knows no process."""

from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from . import fastcgi
from .node_errors import NodeAppError, NodeError, NodeExitError
from .node_lane import NodeLane
from .node_request import Body

#: Node's own limit for a head, plus what CGI adds to it.
_HEAD_LIMIT = 257 * 1024
#: Seconds that Node may take to end an aborted request. It needs one turn of its event loop.
_ABORT_TIMEOUT = 5.0

Headers = List[Tuple[str, str]]


class NodeResponse:
    """Iterates over the blocks of the response. Calls `release(lane_is_usable)` once, when the request has ended."""

    def __init__(self, lane: NodeLane, body: Body, errors: Any, release: Callable[[bool], None]) -> None:
        self._lane = lane
        self._body = body
        self._errors = errors
        self._release: Optional[Callable[[bool], None]] = release
        #: The block that arrived together with the head, if any.
        self._first: List[bytes] = []
        #: The report of the JavaScript error that ends the request.
        self._failure: Optional[Dict[str, str]] = None

    def head(self) -> Tuple[str, Headers]:
        """Waits for the response's head. Raises NodeError; then the request has ended."""
        try:
            text = bytearray()
            while True:
                content = self._next()
                if content is None:
                    raise NodeExitError("Node ended the request without a response")
                searched = max(0, len(text) - 3)  # the end of the head may have begun in the last 3 bytes
                text += content
                end = text.find(b"\r\n\r\n", searched)
                if end != -1:
                    if len(text) > end + 4:
                        self._first.append(bytes(text[end + 4 :]))
                    return _read_head(text[:end].decode("latin-1"))
                if len(text) > _HEAD_LIMIT:
                    raise NodeExitError("the head of Node's response is too long")
        except BaseException as error:
            self._fail(error)
            raise

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._first:
            return self._first.pop()
        if self._release is None:
            raise StopIteration
        try:
            content = self._next()
        except BaseException as error:
            self._fail(error)
            raise
        if content is None:
            raise StopIteration
        return content

    def close(self) -> None:
        """Aborts the request if it has not ended. To the JavaScript app it looks as if the client had disconnected."""
        if self._release is None:
            return
        try:
            self._lane.abort()
            self._lane.timeout = _ABORT_TIMEOUT
            while self._lane.record()[0] != fastcgi.END_REQUEST:
                pass
            self._lane.flush()
        except NodeError:
            self._release_lane(False)
        else:
            self._release_lane(True)

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, NodeExitError):
            self._release_lane(False)
        else:
            self.close()

    def _release_lane(self, usable: bool) -> None:
        release, self._release = self._release, None
        if release is not None:
            release(usable)

    def _next(self) -> Optional[bytes]:
        """Returns the next piece of STDOUT; None at the request's end. Meanwhile sends the body as fast as Node reads it."""
        while True:
            record = self._lane.ready_record()
            if record is None:
                self._send_or_wait()
                continue
            kind, content = record
            if kind == fastcgi.STDOUT:
                if content:
                    return content
            elif kind == fastcgi.STDERR:
                self._errors.write(content.decode("utf-8", "replace"))
                self._errors.flush()
            elif kind == fastcgi.EXCEPTION:
                self._failure = _pairs(content)
            elif kind == fastcgi.END_REQUEST:
                self._end(content)
                return None
            else:
                raise NodeExitError("Node sent a record of type %d, which is not allowed in a response" % kind)

    def _send_or_wait(self) -> None:
        if self._lane.body_ended or not self._lane.flushed:
            self._lane.wait()
        else:
            self._lane.stdin(self._body.read())

    def _end(self, content: bytes) -> None:
        self._lane.end_stdin()
        self._lane.flush()
        self._release_lane(True)
        if self._failure is not None:
            raise NodeAppError(self._failure.get("message", "the JavaScript app failed"), self._failure.get("stack", ""))
        if content[:4] != b"\0\0\0\0":
            raise NodeAppError("the JavaScript app aborted its response")


def is_event_stream(headers: Headers) -> bool:
    """Returns True if the response is a stream of server-sent events, which may be rare. Ignores the parameters of the type."""
    types = [value for name, value in headers if name.lower() == "content-type"]
    return bool(types) and types[0].partition(";")[0].strip().lower() == "text/event-stream"


def _pairs(content: bytes) -> Dict[str, str]:
    try:
        found = fastcgi.read_pairs(content)
    except ValueError as error:
        raise NodeExitError("Node violated the FastCGI protocol: %s" % error) from None
    return {name: value.encode("latin-1").decode("utf-8", "replace") for name, value in found.items()}


def _read_head(text: str) -> Tuple[str, Headers]:
    headers: Headers = []
    status = "200 OK"
    for line in text.split("\r\n"):
        name, colon, value = line.partition(": ")
        if not colon:
            raise NodeExitError("the head of Node's response has a line that is not a header field")
        if name == "Status":
            status = value
        else:
            headers.append((name, value))
    return status, headers
