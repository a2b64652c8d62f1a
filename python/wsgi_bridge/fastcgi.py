"""FastCGI records. Mirrors `src/fastcgi/records.ts`: the same names in the same order. Knows bytes; knows no socket."""

import struct
from typing import Dict, Iterable, List, Tuple, Union

VERSION = 1
#: The id of a connection's first request. Each request gets the next id, so that a late record is not taken for one of a
#: later request.
FIRST_REQUEST_ID = 1
#: The last id. The first id follows it.
LAST_REQUEST_ID = 0xFFFF
#: The id in management records, which belong to no request.
NULL_REQUEST_ID = 0
HEADER_LENGTH = 8
MAX_CONTENT = 0xFFFF

BEGIN_REQUEST = 1
ABORT_REQUEST = 2
END_REQUEST = 3
PARAMS = 4
STDIN = 5
STDOUT = 6
STDERR = 7
DATA = 8
GET_VALUES = 9
GET_VALUES_RESULT = 10
UNKNOWN_TYPE = 11
#: Not FastCGI, only within this package: pairs that describe the exception that ended a request or a start.
EXCEPTION = 64
#: Not FastCGI, on a control lane: asks the worker to raise an exception in a lane's thread, and to send the thread's stack.
INTERRUPT = 65
#: Not FastCGI: the answer to INTERRUPT.
STACK = 66
#: Not FastCGI, on a control lane: a signal has asked the worker to exit. It exits when Node closes the control lane.
EXIT_REQUESTED = 67
#: Not FastCGI, on a control lane: offers pipes for stdout and stderr to Node. The answer, of the same type, is empty if Node
#: cannot open them.
OUTPUT = 68
#: Not FastCGI, on a control lane: a record of Python's `logging`.
LOG = 69
#: Not FastCGI, on the control lane of a worker that a template has forked: its process id. The first record.
FORKED = 70
#: Not FastCGI, on the control lane of a template: a worker has ended, or could not be forked.
WORKER_ENDED = 71
#: Not FastCGI, on the control lane of a template: asks it to send a signal to a worker.
SIGNAL_WORKER = 72

RESPONDER = 1
KEEP_CONN = 1

REQUEST_COMPLETE = 0
CANT_MPX_CONN = 1
OVERLOADED = 2
UNKNOWN_ROLE = 3

_HEADER = struct.Struct(">BBHHBx")
_LONG = struct.Struct(">I")

Buffer = Union[bytes, memoryview]


class WrongRecordError(ValueError):
    """The peer has sent something that is not FastCGI, or that is not allowed at this point."""


def next_request_id(request_id: int) -> int:
    """Returns the id of the next request on the same connection. Pass 0 to get the first id."""
    return request_id + 1 if request_id < LAST_REQUEST_ID else FIRST_REQUEST_ID


def header(kind: int, request_id: int, content_length: int) -> bytes:
    """Returns a record's header."""
    return _HEADER.pack(VERSION, kind, request_id, content_length, 0)


def record(kind: int, request_id: int, content: bytes) -> bytes:
    """Returns a whole record."""
    return header(kind, request_id, len(content)) + content


def stream(kind: int, request_id: int, content: bytes) -> List[Buffer]:
    """Returns a stream's content as records of at most `MAX_CONTENT` bytes, without the empty record that ends the stream."""
    if len(content) <= MAX_CONTENT:
        return [header(kind, request_id, len(content)), content] if content else []
    parts: List[Buffer] = []
    view = memoryview(content)
    for at in range(0, len(view), MAX_CONTENT):
        part = view[at : at + MAX_CONTENT]
        parts += (header(kind, request_id, len(part)), part)
    return parts


def pair(name: bytes, value: bytes) -> bytes:
    """Returns a name-value pair: lengths and content (FastCGI 1.0 section 3.4)."""
    return _length(len(name)) + _length(len(value)) + name + value


def pairs(items: Iterable[Tuple[str, str]]) -> bytes:
    """Returns name-value pairs of text, encoded as UTF-8."""
    return b"".join(pair(name.encode(), value.encode("utf-8", "backslashreplace")) for name, value in items)


def _length(count: int) -> bytes:
    return bytes((count,)) if count < 0x80 else _LONG.pack(count | 0x80000000)


def read_header(data: Union[bytes, bytearray], at: int) -> Tuple[int, int, int, int]:
    """Returns type, request id, content length and padding length. Raises WrongRecordError for another FastCGI version."""
    version, kind, request_id, content, padding = _HEADER.unpack_from(data, at)
    if version != VERSION:
        raise WrongRecordError("FastCGI version %d instead of %d" % (version, VERSION))
    return kind, request_id, content, padding


def read_pairs(content: bytes) -> Dict[str, str]:
    """Decodes name-value pairs to latin-1 text. Raises WrongRecordError when a length exceeds the content."""
    found: Dict[str, str] = {}
    text = content.decode("latin-1")
    at, end = 0, len(content)
    try:
        while at < end:
            name_length = content[at]
            if name_length < 0x80:
                at += 1
            else:
                name_length = _LONG.unpack_from(content, at)[0] & 0x7FFFFFFF
                at += 4
            value_length = content[at]
            if value_length < 0x80:
                at += 1
            else:
                value_length = _LONG.unpack_from(content, at)[0] & 0x7FFFFFFF
                at += 4
            name_end = at + name_length
            value_end = name_end + value_length
            if value_end > end:
                raise IndexError
            found[text[at:name_end]] = text[name_end:value_end]
            at = value_end
    except (IndexError, struct.error):
        raise WrongRecordError("a name-value pair is longer than its record") from None
    return found
