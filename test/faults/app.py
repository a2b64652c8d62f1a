"""What the fault test asks for. Plain PEP 3333; every answer can be checked by its client."""

import ctypes
import hashlib
import os
import time

TEXT = [("Content-Type", "text/plain")]
BLOCK = 64 * 1024


def app(environ, start_response):
    return globals()["do_" + environ["PATH_INFO"].strip("/")](environ, start_response)


def do_name(environ, start_response):
    """The request's own id: an answer that went to another request would show."""
    start_response("200 OK", list(TEXT))
    return [environ["HTTP_X_REQUEST_ID"].encode()]


def do_slow(environ, start_response):
    """Answers late: a crash beside it comes before its answer."""
    time.sleep(0.1)
    return do_name(environ, start_response)


def do_digest(environ, start_response):
    digest = hashlib.sha256()
    for block in iter(lambda: environ["wsgi.input"].read(BLOCK), b""):
        digest.update(block)
    start_response("200 OK", list(TEXT))
    return [digest.hexdigest().encode()]


def do_stream(environ, start_response):
    """As many blocks as the query says, of the id's first letter; slowly, so that faults meet it."""
    start_response("200 OK", list(TEXT))
    letter = environ["HTTP_X_REQUEST_ID"][:1].encode()
    return Closing(slowly(letter, int(environ["QUERY_STRING"])))


def slowly(letter, count):
    for _ in range(count):
        time.sleep(0.005)
        yield letter * BLOCK


class Closing:
    """A result that is remembered until it is closed."""

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
    """Where no exception can be raised."""
    time.sleep(600)


def gibibyte(environ):
    """1 GiB without end in sight, from the query's seed."""
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
