"""Answers in ways that PEP 3333 forbids or leaves open, one per path. Real gunicorn runs the same file."""

import collections
import io
import os
import sys
import tempfile

PLAIN = ("Content-Type", "text/plain")


class Text(str):
    """A subclass of str, as frameworks have for text that is safe or marked."""


class Lying(str):
    """A subclass of str whose own methods return other characters."""

    def __str__(self):
        return "X-Injected: 1\r\n"

    __format__ = __add__ = __radd__ = lower = strip = lambda self, *others: "X-Injected: 1\r\n"


class Fields(list):
    """A subclass of list, as frameworks have for headers."""


class Data(bytes):
    """A subclass of bytes."""


Pair = collections.namedtuple("Pair", "name value")

#: A name, and the arguments of start_response.
HEADS = {
    "plain": ("200 OK", [PLAIN]),
    # the status
    "bare_status": ("200", [PLAIN]),
    "bare_404": ("404", [PLAIN]),
    "empty_reason": ("200 ", [PLAIN]),
    "tab_in_reason": ("200 O\tK", [PLAIN]),
    "status_subclass": (Text("201 Created"), [PLAIN]),
    "bare_status_subclass": (Text("201"), [PLAIN]),
    "long_code": ("2000 OK", [PLAIN]),
    "no_space": ("200OK", [PLAIN]),
    "tab_after_code": ("200\tOK", [PLAIN]),
    "space_before_code": (" 200 OK", [PLAIN]),
    "status_of_int": (200, [PLAIN]),
    "status_of_bytes": (b"200 OK", [PLAIN]),
    "status_none": (None, [PLAIN]),
    "status_with_break": ("200 OK\r\nX-Injected: 1", [PLAIN]),
    "bare_status_with_break": ("200\r\nX-Injected: 1", [PLAIN]),
    "bare_status_with_end": ("200\n", [PLAIN]),
    "status_above_latin": ("200 \u0416", [PLAIN]),
    "status_subclass_with_break": (Text("200 OK\r\nX-Injected: 1"), [PLAIN]),
    "continue": ("100 Continue", [PLAIN]),
    "bare_continue": ("100", [PLAIN]),
    "low_code": ("099 Low", [PLAIN]),
    # the list
    "tuple": ("200 OK", (PLAIN, ("X-A", "1"))),
    "empty_tuple": ("200 OK", ()),
    "generator": ("200 OK", lambda: (pair for pair in [PLAIN, ("X-A", "1")])),
    "items": ("200 OK", dict([PLAIN, ("X-A", "1")]).items()),
    "list_subclass": ("200 OK", Fields([PLAIN, ("X-A", "1")])),
    "deque": ("200 OK", collections.deque([PLAIN, ("X-A", "1")])),
    "empty_dict": ("200 OK", {}),
    "dict": ("200 OK", dict([PLAIN, ("X-A", "1")])),
    "none": ("200 OK", None),
    "string": ("200 OK", "Content-Type: text/plain"),
    "failing_generator": ("200 OK", lambda: (1 // 0 for _ in [1])),
    # the pairs
    "lists": ("200 OK", [["Content-Type", "text/plain"], ["X-A", "1"]]),
    "namedtuples": ("200 OK", [Pair("Content-Type", "text/plain"), Pair("X-A", "1")]),
    "pair_of_generator": ("200 OK", lambda: [PLAIN, (text for text in ("X-A", "1"))]),
    "three_items": ("200 OK", [PLAIN, ("X-A", "1", "2")]),
    "one_item": ("200 OK", [PLAIN, ("X-A",)]),
    "pair_none": ("200 OK", [PLAIN, None]),
    # names and values
    "name_subclass": ("200 OK", [PLAIN, (Text("X-A"), "1")]),
    "value_subclass": ("200 OK", [PLAIN, ("X-A", Text("1"))]),
    "length_subclass": ("200 OK", [PLAIN, (Text("Content-Length"), Text("4"))]),
    "hop_subclass": ("200 OK", [PLAIN, (Text("Connection"), "close")]),
    "lying": (Lying("201 Created"), [PLAIN, (Lying("X-A"), Lying("1")), (Lying("Content-Length"), Lying("4"))]),
    "lying_hop": ("200 OK", [PLAIN, (Lying("Transfer-Encoding"), Lying("chunked"))]),
    "name_of_bytes": ("200 OK", [PLAIN, (b"X-A", "1")]),
    "value_of_bytes": ("200 OK", [PLAIN, ("X-A", b"1")]),
    "value_of_int": ("200 OK", [PLAIN, ("X-A", 1)]),
    "value_none": ("200 OK", [PLAIN, ("X-A", None)]),
    "length_of_int": ("200 OK", [PLAIN, ("Content-Length", 4)]),
    "value_around_blanks": ("200 OK", [PLAIN, ("X-A", " \t1 2\t ")]),
    "empty_value": ("200 OK", [PLAIN, ("X-A", "")]),
    "latin_value": ("200 OK", [PLAIN, ("X-A", "\xe9\x80\xff")]),
    "tab_in_value": ("200 OK", [PLAIN, ("X-A", "a\tb")]),
    "value_above_latin": ("200 OK", [PLAIN, ("X-A", "\u0416")]),
    "value_with_break": ("200 OK", [PLAIN, ("X-A", "1\r\nX-Injected: 1")]),
    "value_with_nul": ("200 OK", [PLAIN, ("X-A", "1\0")]),
    "value_with_delete": ("200 OK", [PLAIN, ("X-A", "1\x7f")]),
    "value_subclass_with_break": ("200 OK", [PLAIN, ("X-A", Text("1\r\nX-Injected: 1"))]),
    "name_subclass_with_break": ("200 OK", [PLAIN, (Text("X-A: 1\r\nX-Injected"), "1")]),
    "list_with_break": ("200 OK", [list(PLAIN), ["X-A", "1\nX-Injected: 1"]]),
    "name_with_blank": ("200 OK", [PLAIN, ("X A", "1")]),
    "name_with_colon": ("200 OK", [PLAIN, ("X-A:", "1")]),
    "empty_name": ("200 OK", [PLAIN, ("", "1")]),
    "hop_with_blank": ("200 OK", [PLAIN, ("Transfer-Encoding ", "chunked")]),
    "hop_with_break": ("200 OK", [PLAIN, ("Connection", "close\r\nX-Injected: 1")]),
    # hop-by-hop and Status
    "connection": ("200 OK", [PLAIN, ("Connection", "close"), ("Keep-Alive", "timeout=9"), ("X-A", "1")]),
    "chunked": ("200 OK", [PLAIN, ("transfer-ENCODING", "chunked")]),
    "upgrade": ("200 OK", [PLAIN, ("Connection", "Upgrade"), ("Upgrade", "h2c")]),
    "proxied": ("200 OK", lambda: dict([PLAIN, ("Connection", "keep-alive"), ("Transfer-Encoding", "chunked")]).items()),
    "te": ("200 OK", [PLAIN, ("TE", "trailers"), ("Trailers", "X"), ("Proxy-Authenticate", "Basic")]),
    "trailer": ("200 OK", [PLAIN, ("Trailer", "X-A"), ("Proxy-Connection", "close")]),
    "status_header": ("404 Not Found", [PLAIN, ("Status", "200 OK"), ("X-A", "1")]),
    "two_status_headers": ("200 OK", [("status", "404"), PLAIN, ("STATUS", "500 No")]),
    "status_header_with_break": ("200 OK", [PLAIN, ("Status", "404\r\nX-Injected: 1")]),
    # Content-Length
    "length": ("200 OK", [PLAIN, ("Content-Length", "4")]),
    "length_around_blanks": ("200 OK", [PLAIN, ("Content-Length", "\t4 ")]),
    "length_with_zero": ("200 OK", [PLAIN, ("Content-Length", "04")]),
    "length_twice": ("200 OK", [PLAIN, ("Content-Length", "4"), ("content-length", "4")]),
    "length_contradicts": ("200 OK", [PLAIN, ("Content-Length", "4"), ("Content-Length", "2")]),
    "length_contradicts_0": ("200 OK", [PLAIN, ("Content-Length", "0"), ("Content-Length", "4")]),
    "length_in_list": ("200 OK", [PLAIN, ("Content-Length", "4, 4")]),
    "length_with_plus": ("200 OK", [PLAIN, ("Content-Length", "+4")]),
    "length_with_underscore": ("200 OK", [PLAIN, ("Content-Length", "0_4")]),
    "length_negative": ("200 OK", [PLAIN, ("Content-Length", "-1")]),
    "length_empty": ("200 OK", [PLAIN, ("Content-Length", "")]),
    "length_too_small": ("200 OK", [PLAIN, ("Content-Length", "2")]),
    "length_too_large": ("200 OK", [PLAIN, ("Content-Length", "9")]),
    "length_and_chunked": ("200 OK", [PLAIN, ("Content-Length", "4"), ("Transfer-Encoding", "chunked")]),
    "length_of_204": ("204 No Content", [("Content-Length", "4")]),
    "length_of_bare_204": ("204", [("Content-Length", "0")]),
    "length_of_304": ("304 Not Modified", [("Content-Length", "4")]),
}

#: What an app may return after a plain head.
RESULTS = {
    "result_bytes": lambda: b"body",
    "result_empty_bytes": lambda: b"",
    "result_str": lambda: "body",
    "result_empty_str": lambda: "",
    "result_none": lambda: None,
    "result_false": lambda: False,
    "result_int": lambda: 42,
    "result_bytearray": lambda: bytearray(b"body"),
    "result_empty_bytearray": lambda: bytearray(),
    "result_dict": lambda: {b"bo": 1, b"dy": 2},
    "result_tuple": lambda: (b"bo", b"dy"),
    "result_empty": lambda: [],
    "result_iterator": lambda: iter([b"bo", b"", b"dy"]),
    "result_getitem": lambda: type("Old", (), {"__getitem__": lambda self, at: [b"bo", b"dy"][at]})(),
    "block_subclass": lambda: [Data(b"bo"), Data(b"dy")],
    "block_bytearray": lambda: [bytearray(b"body")],
    "block_memoryview": lambda: [memoryview(b"body")],
    "block_str": lambda: ["body"],
    "block_empty_str": lambda: [""],
    "block_none": lambda: [None],
    "block_list": lambda: [[b"body"]],
}


def head(name):
    status, headers = HEADS[name]
    return status, headers() if callable(headers) else headers


def application(environ, start_response):
    name = environ["PATH_INFO"][1:]
    if name in HEADS:
        start_response(*head(name))
        return [b"bo", b"dy"]
    if name in RESULTS:
        start_response("200 OK", [PLAIN])
        return RESULTS[name]()
    return globals()["do_" + name](environ, start_response)


def do_keywords(environ, start_response):
    start_response(status="200 OK", headers=[PLAIN], exc_info=None)
    return [b"body"]


def do_twice(environ, start_response):
    start_response("200 OK", [PLAIN])
    start_response("404 Not Found", [PLAIN])
    return [b"body"]


def do_again_after_status(environ, start_response):
    try:
        start_response("200OK", [PLAIN])
    except Exception:
        start_response("502 Own", [PLAIN])
    return [b"own"]


def do_again_after_header(environ, start_response):
    try:
        start_response("200 OK", [PLAIN, ("X-A", "1\n")])
    except Exception:
        start_response("502 Own", [PLAIN])
    return [b"own"]


def do_swallows(environ, start_response):
    try:
        start_response("200 OK", [PLAIN, ("X-A", "1\n")])
    except Exception:
        pass
    return [b"body"]


def do_never(environ, start_response):
    return [b"body"]


def do_write(environ, start_response):
    write = start_response("200", (PLAIN,))
    write(b"bo")
    return [b"dy"]


def do_write_too_much(environ, start_response):
    write = start_response("200 OK", [PLAIN, ("Content-Length", "4")])
    write(b"bod")
    write(b"y and more")
    write(b"more")
    return [b"and more"]


def do_write_str(environ, start_response):
    write = start_response("200 OK", [PLAIN])
    write("body")
    return []


def do_write_bytearray(environ, start_response):
    write = start_response("200 OK", [PLAIN])
    write(bytearray(b"body"))
    return []


def do_starts_in_generator(environ, start_response):
    start_response("200", iter([list(PLAIN)]))
    yield b"bo"
    yield b"dy"


# --- wsgi.file_wrapper


def real(content=b"0123456789", mode="rb", **options):
    descriptor, path = tempfile.mkstemp()
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    file = open(path, mode, **options)
    os.unlink(path)
    return file


def sends(environ, start_response, file, *headers):
    start_response("200 OK", [PLAIN] + list(headers))
    return environ["wsgi.file_wrapper"](file, 4)


def at(position, file):
    file.seek(position)
    return file


def pipe():
    reading, writing = os.pipe()
    os.write(writing, b"0123456789")
    os.close(writing)
    return reading


FILES = {
    "file": lambda: real(),
    "file_from": lambda: at(4, real()),
    "file_at_end": lambda: at(10, real()),
    "file_beyond": lambda: at(100, real()),
    "file_beyond_unbuffered": lambda: at(100, real(buffering=0)),
    "file_beyond_updating": lambda: at(100, real(mode="r+b")),
    "file_empty": lambda: real(b""),
    "file_empty_beyond": lambda: at(100, real(b"")),
    "memory": lambda: io.BytesIO(b"0123456789"),
    "memory_beyond": lambda: at(100, io.BytesIO(b"0123456789")),
    "pipe": lambda: os.fdopen(pipe(), "rb"),
    "text": lambda: real("0 \u0416\r\n9".encode(), "r", encoding="utf-8"),
    "text_from": lambda: at(4, real(mode="r")),
    "text_beyond": lambda: at(100, real(mode="r")),
    "text_empty": lambda: real(b"", "r"),
    "text_of_pipe": lambda: os.fdopen(pipe(), "r"),
    "text_in_memory": lambda: io.StringIO("0123456789"),
    "text_in_memory_empty": lambda: io.StringIO(""),
    "closed": lambda: closed(real()),
}


def closed(file):
    file.close()
    return file


for _name in FILES:
    globals()["do_" + _name] = lambda environ, start_response, open=FILES[_name]: sends(environ, start_response, open())
    globals()["do_sized_" + _name] = lambda environ, start_response, open=FILES[_name]: sends(
        environ, start_response, open(), ("Content-Length", "6")
    )
    globals()["do_zero_" + _name] = lambda environ, start_response, open=FILES[_name]: sends(
        environ, start_response, open(), ("Content-Length", "0")
    )


def without_stderr(environ, start_response):
    sys.__stderr__.close()
    return application(environ, start_response)
