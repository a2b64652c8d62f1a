"""The app of the fault tests. Plain PEP 3333; the client can check every response."""

import ctypes
import hashlib
import os
import time

TEXT = [("Content-Type", "text/plain")]
BLOCK = 64 * 1024


def app(environ, start_response):
    return globals()["do_" + environ["PATH_INFO"].strip("/")](environ, start_response)


def do_name(environ, start_response):
    """Responds with the id of the request, so that a response to another request is noticed."""
    start_response("200 OK", list(TEXT))
    return [environ["HTTP_X_REQUEST_ID"].encode()]


def do_slow(environ, start_response):
    """Responds late, so that a crash in the same process comes first."""
    time.sleep(0.1)
    return do_name(environ, start_response)


def do_digest(environ, start_response):
    digest = hashlib.sha256()
    for block in iter(lambda: environ["wsgi.input"].read(BLOCK), b""):
        digest.update(block)
    start_response("200 OK", list(TEXT))
    return [digest.hexdigest().encode()]


def do_stream(environ, start_response):
    """Streams the number of blocks in the query, filled with the first letter of the id. Slow, so that faults hit it."""
    start_response("200 OK", list(TEXT))
    letter = environ["HTTP_X_REQUEST_ID"][:1].encode()
    return Closing(slowly(letter, int(environ["QUERY_STRING"])))


def slowly(letter, count):
    for _ in range(count):
        time.sleep(0.005)
        yield letter * BLOCK


class Closing:
    """A result that is recorded until it is closed."""

    all_open = set()

    def __init__(self, blocks):
        self._blocks = blocks
        Closing.all_open.add(self)

    def __iter__(self):
        return self._blocks

    def close(self):
        Closing.all_open.discard(self)


def do_unclosed(environ, start_response):
    start_response("200 OK", list(TEXT))
    return [b"%d" % len(Closing.all_open)]


def do_raise(environ, start_response):
    raise LookupError("as asked")


def do_late(environ, start_response):
    start_response("200 OK", list(TEXT))
    yield b"begun"
    raise LookupError("as asked")


def do_exit(environ, start_response):
    os._exit(7)


def do_abort(environ, start_response):
    ctypes.string_at(0)


def do_spin(environ, start_response):
    while True:
        pass


def do_hang(environ, start_response):
    """Hangs in C, where no exception can be raised."""
    time.sleep(600)


def gibibyte(environ):
    """Yields 1 GiB, derived from the seed in the query."""
    block = hashlib.sha256(environ["QUERY_STRING"].encode()).digest() * (BLOCK // 32)
    for _ in range(2**30 // BLOCK):
        yield block


def do_gibibyte(environ, start_response):
    start_response("200 OK", [*TEXT, ("Content-Length", str(2**30))])
    return gibibyte(environ)


def do_file(environ, start_response):
    start_response("200 OK", list(TEXT))
    return environ["wsgi.file_wrapper"](open(environ["QUERY_STRING"], "rb"))


def do_mebibyte(environ, start_response):
    start_response("200 OK", [*TEXT, ("Content-Length", str(2**20))])
    return [b"m" * 2**20]


def do_bytes(environ, start_response):
    """Sends the number of one-byte blocks in the query."""
    start_response("200 OK", list(TEXT))
    return (b"x" for _ in range(int(environ["QUERY_STRING"])))


def do_page(environ, start_response):
    """Sends a page of the size in the query, in blocks of 64 KiB, each filled with another byte."""
    size = int(environ["QUERY_STRING"])
    start_response("200 OK", [*TEXT, ("Content-Length", str(size))])
    return (bytes((at // 65536 % 251,)) * min(65536, size - at) for at in range(0, size, 65536))

