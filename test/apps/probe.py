"""A WSGI application with a path for each test. Plain PEP 3333, without a framework."""

import json
import os
import signal
import sys
import threading
import time

TEXT = [("Content-Type", "text/plain")]


def application(environ, start_response):
    name = environ["PATH_INFO"].strip("/").replace("-", "_") or "hello"
    return globals()["do_" + name](environ, start_response)


def do_hello(environ, start_response):
    start_response("200 OK", list(TEXT))
    return [b"hello"]


def do_environ(environ, start_response):
    """Responds with the environ as JSON, and with the type of each value that JSON does not have."""
    start_response("200 OK", [("Content-Type", "application/json")])
    shown = {
        key: value if isinstance(value, (str, bool, tuple)) else type(value).__name__ for key, value in environ.items()
    }
    return [json.dumps(shown).encode()]


def do_process(environ, start_response):
    start_response("200 OK", list(TEXT))
    facts = {"pid": os.getpid(), "cwd": os.getcwd(), "env": dict(os.environ), "argv": sys.argv, "path": sys.path}
    return [json.dumps(facts).encode()]


def do_echo(environ, start_response):
    start_response("200 OK", [("X-Length", environ.get("CONTENT_LENGTH", "none"))])
    return [environ["wsgi.input"].read()]


def do_lines(environ, start_response):
    start_response("200 OK", list(TEXT))
    source = environ["wsgi.input"]
    return [repr([source.readline(4), source.readline(), source.readlines(1), list(source), source.read()]).encode()]


def do_ignore_body(environ, start_response):
    start_response("200 OK", list(TEXT))
    return [b"ignored"]


def do_large(environ, start_response):
    size = int(environ["QUERY_STRING"])
    start_response("200 OK", [("Content-Length", str(size))])
    return [b"x" * size]


def do_large_then_raise(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    for _ in range(int(environ["QUERY_STRING"]) // 65536):
        yield b"x" * 65536
    raise LookupError("after 16 MiB")


def do_endless(environ, start_response):
    start_response("200 OK", list(TEXT))
    return Closing(endless(), environ["QUERY_STRING"])


def endless():
    while True:
        yield b"x" * 65536


def do_ticks(environ, start_response):
    start_response("200 OK", list(TEXT))

    def ticks():
        while not environ["wsgi_bridge.client_disconnected"]():
            yield b"tick\n"
            time.sleep(0.01)

    return Closing(ticks(), environ["QUERY_STRING"])


class Closing:
    """A result that prints a line when it is closed."""

    def __init__(self, blocks, name):
        self._blocks = blocks
        self._name = name

    def __iter__(self):
        return self._blocks

    def close(self):
        print("closed " + self._name)


def do_write(environ, start_response):
    write = start_response("200 OK", list(TEXT))
    write(b"a")
    write(b"b")
    return [b"c"]


def do_raise(environ, start_response):
    start_response("200 OK", list(TEXT))
    raise LookupError("sp\u00e4t \x1b[31m")


def do_raise_late(environ, start_response):
    start_response("200 OK", list(TEXT))
    yield b"begun"
    raise LookupError("too late")


def do_exit(environ, start_response):
    sys.exit(3)


def do_replace(environ, start_response):
    start_response("200 OK", [("X-Old", "1")])
    yield b""
    try:
        raise LookupError("replaced")
    except LookupError:
        start_response("503 Busy", [("X-New", "1")], sys.exc_info())
    yield b"busy"


def do_bad_header(environ, start_response):
    start_response("200 OK", [("X-Bad", "a\r\nSet-Cookie: b")])
    return []


def do_short(environ, start_response):
    start_response("200 OK", [("Content-Length", "9")])
    return [b"abc"]


def do_short_late(environ, start_response):
    start_response("200 OK", [("Content-Length", "9")])
    return iter([b"abc", b"def"])


def do_surplus(environ, start_response):
    start_response("200 OK", [("Content-Length", "3")])
    return iter([b"ab", b"cd", b"ef"])


def do_errors(environ, start_response):
    print("said on stdout")
    sys.stderr.write("said on stderr\n")
    environ["wsgi.errors"].write("said on ")
    environ["wsgi.errors"].write("wsgi.errors \u2713\n")
    return do_hello(environ, start_response)


def do_kill(environ, start_response):
    os.kill(os.getpid(), signal.SIGKILL)


def do_kill_once(environ, start_response):
    """Kills its process unless the file exists, so that a retry succeeds."""
    path = environ["QUERY_STRING"]
    if not os.path.exists(path):
        open(path, "w").close()
        os._exit(7)
    return do_hello(environ, start_response)


_gate = threading.Event()


def do_wait(environ, start_response):
    print("waiting")
    _gate.wait(float(environ["QUERY_STRING"] or 10))
    return do_hello(environ, start_response)


def do_open(environ, start_response):
    _gate.set()
    return do_hello(environ, start_response)


number = 42
