"""Times the Python package on the worst 16, 64 and 256 KiB that it may receive. Prints {name: [milliseconds]} as JSON."""

import json
import time

from wsgi_bridge import fastcgi, head, lenient
from wsgi_bridge.node_response import NodeResponse, _read_head
from wsgi_bridge.receiver import Receiver
from wsgi_bridge.streams import _Body

SIZES = (16 * 1024, 64 * 1024, 256 * 1024)
ROUNDS = 3
#: The size of a record in bytes. Only within a record do bytes arrive one at a time.
RECORD = 60_000


class Pieces:
    """Stands in for a lane whose records have one byte each, or for an inbound whose body is one piece."""

    request_id = 1
    timeout = None

    def __init__(self, records, piece=b""):
        self._records = iter(records)
        self._piece = piece

    def ready_record(self):
        return next(self._records)

    def abort(self):
        pass

    def record(self):
        return fastcgi.END_REQUEST, b"\0" * 8

    def flush(self):
        pass

    def read_stdin(self, _request_id):
        piece, self._piece = self._piece, b""
        return piece


def head_in_bytes(size):
    content = [(fastcgi.STDOUT, b"a")] * (size - 5) + [(fastcgi.STDOUT, bytes((byte,))) for byte in b": b\r\n\r\n"]

    def work():
        NodeResponse(Pieces(content), None, None, lambda _usable: None).head()

    return work


def body_in_bytes(size):
    piece = b"a" * size

    def work():
        body = _Body(Pieces((), piece))
        one = bytearray(1)
        while body.readinto(one):
            pass

    return work


class OneByOne:
    """A socket that returns one byte at a time and blocks between them."""

    def __init__(self, data):
        self._data = data
        self._at = 0
        self._ready = False

    def recv(self, _count, _flags=0):
        self._ready = not self._ready
        if not self._ready:
            raise BlockingIOError
        self._at += 1
        return self._data[self._at - 1 : self._at]


def records_in_bytes(size):
    """Records of this total size. The receiver is asked for a record after every byte."""
    each = min(size, RECORD)
    data = fastcgi.record(fastcgi.STDIN, 1, b"a" * (each - 8)) * (size // each)

    def work():
        sock = OneByOne(data)
        receiver = Receiver(sock, sock.recv)
        for _ in range(size // each):
            while not receiver.has_record(1):
                pass
            assert len(receiver.record()[2]) == each - 8

    return work


def on(function, text):
    """Returns work that calls a function with a text of the given size. Exceptions of the function are ignored."""

    def prepare(size):
        given = text(size)

        def work():
            try:
                function(given)
            except Exception:
                pass

        return work

    return prepare


def many(part, end, begin=None):
    return lambda size: (begin or part) + part * (size // len(part)) + end


CASES = {
    "a head of Node's, byte by byte": head_in_bytes,
    "a body, read byte by byte": body_in_bytes,
    "records on a lane, byte by byte": records_in_bytes,
    "read_pairs: empty pairs": on(fastcgi.read_pairs, many(b"\0\0", b"")),
    "read_pairs: pairs": on(fastcgi.read_pairs, many(fastcgi.pair(b"KEY", b"value"), b"")),
    "the lines of Node's head": on(_read_head, many("A: b\r\n", "")),
    "one line of Node's head": on(_read_head, many(": ", "")),
}


def repaired(text):
    lenient.repaired_head("200", [["Content-Length", text], ["Connection", text]], "GET /")


for part in ("a", " ", "\t", "200 "):
    CASES["a status of %r" % part] = on(lambda text: head.parse_head(text, []), many(part, "\0", "200 "))
    CASES["a name of %r" % part] = on(lambda text: head.parse_head("200 OK", [(text, "")]), many(part, "\0"))
    CASES["values to repair of %r" % part] = on(repaired, many(part, ""))
    CASES["a value of %r" % part] = on(lambda text: head.parse_head("200 OK", [("X-A", text)]), many(part, "\0"))


def milliseconds(work):
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def times(prepare):
    best = []
    for size in SIZES:
        work = prepare(size)
        best.append(min(milliseconds(work) for _ in range(ROUNDS)))
        if best[-1] > 64 * best[0] + 1000:
            break  # clearly quadratic
    return best


print(json.dumps({name: times(prepare) for name, prepare in CASES.items()}))
