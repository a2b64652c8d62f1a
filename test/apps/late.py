"""A WSGI application whose threads use a request after it has ended."""

import queue
import threading

TEXT = [("Content-Type", "text/plain")]
#: The outcomes of late uses, in order.
outcomes = queue.Queue()
#: Set when late uses may start.
go = threading.Event()


def application(environ, start_response):
    return globals()["do_" + environ["PATH_INFO"].strip("/")](environ, start_response)


def attempt(use):
    try:
        outcomes.put("got %r" % (use(),))
    except BaseException as error:
        outcomes.put("%s: %s" % (type(error).__name__, error))


def later(use):
    def run():
        go.wait()
        attempt(use)

    threading.Thread(target=run).start()


def do_read(environ, start_response):
    later(lambda: environ["wsgi.input"].read(1))
    start_response("200 OK", list(TEXT))
    return [b"answered"]


def do_read_all(environ, start_response):
    """Starts a thread that waits for a body which has not arrived completely, and ends the request."""
    started = threading.Event()

    def read():
        started.set()
        attempt(lambda: len(environ["wsgi.input"].read()))

    threading.Thread(target=read).start()
    started.wait()
    start_response("200 OK", list(TEXT))
    return [b"answered"]


def do_write(environ, start_response):
    write = start_response("200 OK", list(TEXT))
    later(lambda: write(b"late bytes"))
    return [b"answered"]


def do_restart(environ, start_response):
    start_response("200 OK", list(TEXT))
    later(lambda: start_response("200 OK", list(TEXT)))
    return [b"answered"]


def do_ask(environ, start_response):
    later(environ["wsgi_bridge.client_disconnected"])
    start_response("200 OK", list(TEXT))
    return [b"answered"]


def do_log(environ, start_response):
    later(lambda: environ["wsgi.errors"].write("a late word\n"))
    start_response("200 OK", list(TEXT))
    return [b"answered"]


def do_go(environ, start_response):
    """Starts the late uses during this request, and responds with the outcome of the first."""
    go.set()
    outcome = outcomes.get(timeout=10)
    go.clear()
    body = environ["wsgi.input"].read()
    start_response("200 OK", list(TEXT))
    return [outcome.encode() + b"|" + body]


def do_watch(environ, start_response):
    """Starts a thread that calls client_disconnected() until that raises, after the end of the request."""
    gone = environ["wsgi_bridge.client_disconnected"]

    def watch():
        try:
            while not gone():
                pass
        except ValueError as error:
            outcomes.put(type(error).__name__)

    threading.Thread(target=watch, daemon=True).start()
    start_response("200 OK", list(TEXT))
    return [environ["QUERY_STRING"].encode()]
