"""A WSGI application that sends complete responses and then fails in close(), and one whose head is too long."""

TEXT = [("Content-Type", "text/plain")]


def application(environ, start_response):
    return globals()["do_" + environ["PATH_INFO"].strip("/")](environ, start_response)


class Result:
    """A result whose close() raises."""

    def __init__(self, error, *blocks):
        self._error = error
        self._blocks = blocks

    def __iter__(self):
        return iter(self._blocks)

    def close(self):
        raise self._error


def do_whole(environ, start_response):
    start_response("200 OK", [*TEXT, ("Content-Length", "5")])
    return Result(LookupError("in close()"), b"he", b"llo")


def do_chunked(environ, start_response):
    start_response("200 OK", list(TEXT))
    return Result(LookupError("in close()"), b"he", b"llo")


def do_exits(environ, start_response):
    start_response("200 OK", list(TEXT))
    return Result(SystemExit("in close()"), b"he", b"llo")


def do_redirect(environ, start_response):
    start_response("302 Found", [("Location", "/whole")])
    return Result(LookupError("in close()"))


def do_short(environ, start_response):
    """Sends less than its Content-Length. That error counts, not the one in close()."""
    start_response("200 OK", [*TEXT, ("Content-Length", "50")])
    return Result(LookupError("in close()"), b"hello")


def do_head(environ, start_response):
    """Sends a head with a field of the length in the query."""
    start_response("200 OK", [*TEXT, ("X-Long", "x" * int(environ["QUERY_STRING"]))])
    return [b"hello"]
