"""A WSGI application that sends forbidden responses, one per path. The query says what to send, as percent-encoded UTF-8."""

import threading
from urllib.parse import unquote


def application(environ, start_response):
    what = unquote(environ["QUERY_STRING"])
    return globals()["do_" + environ["PATH_INFO"].strip("/")](environ, start_response, what)


def do_status(environ, start_response, what):
    start_response(what, [("Content-Type", "text/plain")])
    return [b"sent"]


def do_value(environ, start_response, what):
    start_response("200 OK", [("X-Value", what)])
    return [b"sent"]


def do_name(environ, start_response, what):
    start_response("200 OK", [(what, "x")])
    return [b"sent"]


def do_swallow(environ, start_response, what):
    """Ignores that its head was refused."""
    try:
        start_response("200 OK", [("X-Value", what)])
    except Exception:
        pass
    return [b"sent"]


def do_disposition(environ, start_response, what):
    headers = [("Content-Disposition", 'attachment; filename="%s"' % what), ("Content-Length", "4")]
    start_response("200 OK", headers)
    return [b"sent"]


def do_unread(environ, start_response, what):
    """Does not read its body."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"unread"]


def do_secret(environ, start_response, what):
    """Fails with a secret in its source and in its message."""
    password = "hunter2-in-the-source"
    raise ValueError("the message knows %s too" % password)


_gate = threading.Event()


def do_truncated(environ, start_response, what):
    """Fails after its first block, when another request sets the gate."""
    headers = [("Content-Length", what)] if what else []
    start_response("200 OK", headers)
    yield b"begun"
    _gate.wait(10)
    raise ValueError("too late")


def do_break(environ, start_response, what):
    start_response("200 OK", [])
    _gate.set()
    return []
