"""`wsgi.input` and `wsgi.errors` (PEP 3333, "Input and Error Streams"). Knows lanes; knows no response."""

import io
import sys
from typing import BinaryIO, Iterable

from . import fastcgi
from .inbound import Inbound
from .lane import Lane, RequestEndedError


def request_input(lane: Lane) -> BinaryIO:
    """Returns the body as a buffered file. CPython provides `read(n)`, `readline(n)`, `readlines(hint)` and iteration."""
    return io.BufferedReader(_Body(lane.inbound), 65536) if lane.inbound.has_body else io.BytesIO()


class _Body(io.RawIOBase):
    """The body as a raw stream. Closing it does not affect the lane, which discards the unread rest itself."""

    def __init__(self, inbound: Inbound) -> None:
        self._inbound = inbound
        self._request_id = inbound.request_id
        #: The unread part of the last piece.
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        # A memoryview, so that slices copy nothing: applications may read single bytes.
        piece = self._rest or memoryview(self._inbound.read_stdin(self._request_id))
        count = min(len(piece), len(buffer))
        buffer[:count] = piece[:count]
        self._rest = piece[count:]
        return count


class ErrorStream:
    """wsgi.errors: writes to the log of the request. After the request has ended, writes to the process's stderr."""

    encoding = "utf-8"

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._request_id = lane.request_id

    def write(self, text: str) -> int:
        records = fastcgi.stream(fastcgi.STDERR, self._request_id, text.encode("utf-8", "backslashreplace"))
        try:
            self._lane.send(self._request_id, records)
        except RequestEndedError:
            return sys.stderr.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Does nothing, because nothing is buffered."""
