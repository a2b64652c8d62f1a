"""`Cascade`: the first app answers, and a second one gets what the first has not. Knows WSGI; knows nothing of Node."""

import itertools
import tempfile
from typing import Any, Callable, Collection, Dict, Iterable, Iterator, List, Optional, Tuple

#: Bytes of a body that are kept in memory for the second app; the rest goes to a temporary file.
_IN_MEMORY = 1024 * 1024

WsgiApp = Callable[[Dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Cascade:
    """Calls `first`; where its status is one of `statuses`, that answer is dropped and `second` gets the request.

        application = Cascade(flask_app, NodeApp("server.mjs:app"))

    What `first` has read of the body is there again for `second`: up to 1 MiB of it in memory, the rest in a temporary file.
    Raises what the apps raise.
    """

    def __init__(self, first: WsgiApp, second: WsgiApp, statuses: Collection[int] = (404,)) -> None:
        self._first = first
        self._second = second
        self._statuses = frozenset("%03d" % status for status in statuses)

    def __call__(self, environ: Dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """PEP 3333's application."""
        body = _Tee(environ["wsgi.input"])
        attempt = _Attempt(self._statuses, start_response)
        try:
            first = self._first({**environ, "wsgi.input": body}, attempt.start_response)
            try:
                blocks = iter(first)
                begun: List[bytes] = []
                while not attempt.started:  # a generator calls start_response when it is first asked for a block
                    block = next(blocks, None)
                    if block is None:
                        break
                    begun.append(block)
            except BaseException:
                _close(first)
                raise
            if not attempt.dropped:
                body.forget()
                return _Result(itertools.chain(begun, blocks), (first, body))
            _close(first)
            return _Result(self._second({**environ, "wsgi.input": body.again()}, start_response), (body,))
        except BaseException:
            body.close()
            raise


class _Attempt:
    """The first app's start_response: passes on what is kept."""

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
    """What the first app writes of an answer that nobody gets."""


class _Result:
    """The blocks of an answer; closing it closes the app's own result, and the kept body."""

    def __init__(self, blocks: Iterable[bytes], closed: Tuple[Any, ...]) -> None:
        self._blocks: Iterator[bytes] = iter(blocks)
        self._closed = (blocks, *closed)

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def close(self) -> None:
        for each in self._closed:
            _close(each)


def _close(result: Any) -> None:
    close = getattr(result, "close", None)
    if close is not None:
        close()


class _Tee:
    """wsgi.input that keeps what is read. `again()` makes it give that first, and then the rest."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._kept = tempfile.SpooledTemporaryFile(_IN_MEMORY)
        self._keeps = True

    def again(self) -> "_Tee":
        self._kept.seek(0)
        self._keeps = False
        return self

    def forget(self) -> None:
        """Nobody will ask for it again: what is read from here on is not kept."""
        self._kept = tempfile.SpooledTemporaryFile(_IN_MEMORY)
        self._keeps = False

    def close(self) -> None:
        self._kept.close()

    def read(self, size: Optional[int] = -1) -> bytes:
        if self._keeps:
            return self._keep(self._stream.read() if size is None or size < 0 else self._stream.read(size))
        if size is None or size < 0:
            return self._kept.read() + bytes(self._stream.read())
        return self._kept.read(size) or bytes(self._stream.read(size))

    def readline(self, size: Optional[int] = -1) -> bytes:
        bound = () if size is None or size < 0 else (size,)
        if self._keeps:
            return self._keep(self._stream.readline(*bound))
        line = self._kept.readline(*bound)
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

    def _keep(self, data: bytes) -> bytes:
        self._kept.write(data)
        return data
