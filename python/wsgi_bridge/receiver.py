"""Reads FastCGI records from a socket. Knows bytes; does not look inside requests."""

from typing import Any, Optional, Tuple, Union

from . import fastcgi
from .threads import ReceiveNow

_RECEIVE = 65536
#: A request without a body usually arrives in one piece: BEGIN_REQUEST, one PARAMS record, and the ends of both streams. These
#: are its fixed parts. The request's id and the length of PARAMS come between them.
_BEGIN = fastcgi.header(fastcgi.BEGIN_REQUEST, 0, 8)[:2]
_RESPONDER = fastcgi.header(fastcgi.BEGIN_REQUEST, 0, 8)[4:] + bytes((0, fastcgi.RESPONDER, fastcgi.KEEP_CONN, 0, 0, 0, 0, 0))
_PARAMS = fastcgi.header(fastcgi.PARAMS, 0, 0)[:2]
_STDIN = fastcgi.header(fastcgi.STDIN, 0, 0)[:2]
_EMPTY = fastcgi.header(fastcgi.STDIN, 0, 0)[4:]
#: The positions of the length, the padding length and the content of PARAMS in the piece.
_LENGTH_AT = len(_BEGIN) + 2 + len(_RESPONDER) + len(_PARAMS) + 2
_PADDING_AT = _LENGTH_AT + 2
_CONTENT_AT = _LENGTH_AT + 4
#: The length of the two empty records at the end of the piece.
_ENDS_LENGTH = 2 * fastcgi.HEADER_LENGTH


class LaneClosed(Exception):
    """The other end has closed the lane, so there is no request to serve."""


class Receiver:
    """Cuts received bytes into records. Used by one thread at a time."""

    def __init__(self, sock: Any, receive_now: ReceiveNow) -> None:
        self._sock = sock
        self._receive_now = receive_now
        #: Received bytes. A bytearray while `has_record` collects the pieces of a record, because it grows in place.
        self._data: Union[bytes, bytearray] = b""
        #: How many bytes of `_data` were already returned.
        self._at = 0

    @property
    def empty(self) -> bool:
        """True if all received bytes were returned."""
        return self._at == len(self._data)

    def bodyless_request(self, request_id: int) -> Optional[bytes]:
        """
        A fast path, which is enough for most requests. Waits for bytes. If they are exactly this request, complete and without
        a body, returns its parameters. If not, returns None and keeps the bytes for `record`. Raises LaneClosed.
        """
        if self._at < len(self._data):
            return None  # earlier bytes are unread, so the request may be in pieces
        data = self._receive(_RECEIVE)
        number = request_id.to_bytes(2, "big")
        params = _PARAMS + number
        if len(data) > _PADDING_AT and data.startswith(_BEGIN + number + _RESPONDER + params):
            end = _CONTENT_AT + (data[_LENGTH_AT] << 8) + data[_LENGTH_AT + 1]
            if len(data) == end + _ENDS_LENGTH and data[_PADDING_AT] == 0:
                if data.endswith(params + _EMPTY + _STDIN + number + _EMPTY):
                    return data[_CONTENT_AT:end]
        self._data = data
        self._at = 0
        return None

    def record(self) -> Tuple[int, int, bytes]:
        """
        Waits for the next record and returns its type, request id and content. If a signal handler raises during the wait, the
        next call returns the same record. Raises LaneClosed, WrongRecordError.
        """
        if len(self._data) - self._at < fastcgi.HEADER_LENGTH:
            self._fill(fastcgi.HEADER_LENGTH)
        kind, request_id, length, padding = fastcgi.read_header(self._data, self._at)
        whole = fastcgi.HEADER_LENGTH + length + padding
        if len(self._data) - self._at < whole:
            self._fill(whole)
        start = self._at + fastcgi.HEADER_LENGTH
        content = bytes(self._data[start : start + length])
        self._at += whole
        return kind, request_id, content

    def has_record(self, request_id: int) -> bool:
        """Returns True if a complete record of this request can be read without waiting. Raises the same as `record`."""
        while True:
            held = len(self._data) - self._at
            if held >= fastcgi.HEADER_LENGTH:
                _, number, length, padding = fastcgi.read_header(self._data, self._at)
                if number != request_id:
                    return False  # the record belongs to a later request
                if held >= fastcgi.HEADER_LENGTH + length + padding:
                    return True
            try:
                part = self._receive_now(_RECEIVE)
            except BlockingIOError:
                return False
            except OSError as error:
                raise LaneClosed from error
            if not part:
                raise LaneClosed
            if not isinstance(self._data, bytearray):
                self._data = bytearray(self._data)
            del self._data[: self._at]
            self._data += part
            self._at = 0

    def _fill(self, count: int) -> None:
        """Receives until at least `count` bytes are unread."""
        parts = [self._data[self._at :]]
        held = len(parts[0])
        try:
            while held < count:
                part = self._receive(max(_RECEIVE, count - held))
                parts.append(part)
                held += len(part)
        finally:  # a signal handler of the application may raise in the main thread
            self._data = b"".join(parts)
            self._at = 0

    def _receive(self, count: int) -> bytes:
        """Waits for bytes and returns at least one, at most `count`."""
        try:
            part: bytes = self._sock.recv(count)
        except OSError as error:
            raise LaneClosed from error
        if not part:
            raise LaneClosed
        return part
