"""`Cascade`: a second app gets the requests that the first app does not answer. Knows WSGI; knows nothing of Node."""

import itertools
import tempfile
from typing import Any, Callable, Collection, Dict, Iterable, Iterator, List, Optional, Tuple

#: How many bytes of a body are kept in memory for the second app. A longer body goes to a temporary file.
_IN_MEMORY = 1024 * 1024

WsgiApp = Callable[[Dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Cascade:
    """Calls `first`. If its status is one of `statuses`, drops its response and calls `second`.

        application = Cascade(flask_app, NodeApp("server.mjs:app"))

    `second` can read the whole body, even if `first` has read it: up to 1 MiB is kept in memory, a longer body in a temporary
    file. Exceptions of the apps are passed on.
    """

    def __init__(self, first: WsgiApp, second: WsgiApp, statuses: Collection[int] = (404,)) -> None:
        self._first = first
        self._second = second
        self._statuses = frozenset("%03d" % status for status in statuses)

    def __call__(self, environ: Dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The WSGI application callable (PEP 3333)."""
        body = _RecordedInput(environ["wsgi.input"])
        attempt = _Attempt(self._statuses, start_response)
        try:
            first = self._first({**environ, "wsgi.input": body}, attempt.start_response)
            try:
                blocks = iter(first)
                first_blocks: List[bytes] = []
                while not attempt.started:  # a generator calls start_response when its first block is requested
                    block = next(blocks, None)
                    if block is None:
                        break
                    first_blocks.append(block)
            except BaseException:
                _close(first)
                raise
            if not attempt.dropped:
                body.stop_recording()
                return _Result(itertools.chain(first_blocks, blocks), (first, body))
            _close(first)
            return _Result(self._second({**environ, "wsgi.input": body.rewind()}, start_response), (body,))
        except BaseException:
            body.close()
            raise


class _Attempt:
    """The first app's start_response. Passes the call on unless the response is dropped."""

    def __init__(self, statuses: "frozenset[str]", start_response: Callable[..., Any]) -> None:
        self._statuses = statuses
        self._start_response = start_response
        self.started = False
        self.dropped = False

    def start_response(self, status: str, headers: List[Tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], Any]:
        self.started = True
        self.dropped = status[:3] in self._statuses
        if self.dropped:
            return _drop
        write: Callable[[bytes], Any] = (
            self._start_response(status, headers, exc_info) if exc_info else self._start_response(status, headers)
        )
        return write


def _drop(data: bytes) -> None:
    """The write() of a dropped response."""


class _Result:
    """The blocks of a response. close() closes the app's own result and the recorded body."""

    def __init__(self, blocks: Iterable[bytes], to_close: Tuple[Any, ...]) -> None:
        self._blocks: Iterator[bytes] = iter(blocks)
        self._to_close = (blocks, *to_close)

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def close(self) -> None:
        for resource in self._to_close:
            _close(resource)


def _close(result: Any) -> None:
    close = getattr(result, "close", None)
    if close is not None:
        close()


class _RecordedInput:
    """A wsgi.input that records what is read. After `rewind()` it returns the recorded bytes first, then the rest."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._recorded = tempfile.SpooledTemporaryFile(_IN_MEMORY)
        self._recording = True

    def rewind(self) -> "_RecordedInput":
        self._recorded.seek(0)
        self._recording = False
        return self

    def stop_recording(self) -> None:
        """Drops what was recorded: the second app is not called."""
        self._recorded = tempfile.SpooledTemporaryFile(_IN_MEMORY)
        self._recording = False

    def close(self) -> None:
        self._recorded.close()

    def read(self, size: Optional[int] = -1) -> bytes:
        if self._recording:
            return self._record(self._stream.read() if size is None or size < 0 else self._stream.read(size))
        if size is None or size < 0:
            return self._recorded.read() + bytes(self._stream.read())
        return self._recorded.read(size) or bytes(self._stream.read(size))

    def readline(self, size: Optional[int] = -1) -> bytes:
        bound = () if size is None or size < 0 else (size,)
        if self._recording:
            return self._record(self._stream.readline(*bound))
        line = self._recorded.readline(*bound)
        if line.endswith(b"\n") or (bound and len(line) == bound[0]):
            return line
        return line + bytes(self._stream.readline(*(bound and (bound[0] - len(line),))))

    def readlines(self, hint: Optional[int] = None) -> List[bytes]:
        lines: List[bytes] = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if hint and total >= hint:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _record(self, data: bytes) -> bytes:
        self._recorded.write(data)
        return data
