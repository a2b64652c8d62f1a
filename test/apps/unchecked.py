"""Breaks a rule of PEP 3333 on each path, where wsgiref has only asserts. `GET /debug` tells whether asserts are on."""

from wsgi_bridge import response
from wsgi_bridge.head import Head

TEXT = [("Content-Type", "text/plain")]


def application(environ, start_response):
    return globals()["do_" + environ["PATH_INFO"][1:]](start_response)


def do_debug(start_response):
    start_response("200 OK", TEXT)
    return [str(__debug__).encode()]


def do_status_of_digits(start_response):
    start_response("200", TEXT)
    return [b"sent"]


def do_status_of_bytes(start_response):
    start_response(b"200 OK", TEXT)
    return [b"sent"]


def do_headers_as_tuple(start_response):
    start_response("200 OK", tuple(TEXT))
    return [b"sent"]


def do_header_as_list(start_response):
    start_response("200 OK", [["Content-Type", "text/plain"]])
    return [b"sent"]


def do_name_of_bytes(start_response):
    start_response("200 OK", [(b"Content-Type", "text/plain")])
    return [b"sent"]


def do_line_break(start_response):
    start_response("200 OK", [("X-Value", "a\r\nX-Injected: b")])
    return [b"sent"]


def do_hop_by_hop(start_response):
    start_response("200 OK", [("Connection", "close")])
    return [b"sent"]


def do_twice(start_response):
    start_response("200 OK", TEXT)
    start_response("200 OK", TEXT)
    return [b"sent"]


def do_never(start_response):
    return [b"sent"]


def do_text(start_response):
    start_response("200 OK", TEXT)
    return ["sent"]


def do_bare(start_response):
    start_response("200 OK", TEXT)
    return b"sent"


def do_written_text(start_response):
    start_response("200 OK", TEXT)("sent")
    return []


def without_checks(environ, start_response):
    """Serves the request as if this process checked nothing."""
    lines = {"/hop_by_hop": "Connection: close", "/control": "X-Value: a\x01b", "/name": "X Value: b"}
    checked = response.parse_head
    response.parse_head = lambda status, headers: Head(200, "Status: 200 OK\r\n" + lines[environ["PATH_INFO"]], None)
    try:
        start_response("200 OK", TEXT)
    finally:
        response.parse_head = checked
    return [b"sent"]
