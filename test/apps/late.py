"""A WSGI application whose threads go on with a request after it has ended."""

import queue
import threading

TEXT = [("Content-Type", "text/plain")]
#: What became of late uses, in the order in which they were tried.
outcomes = queue.Queue()
#: Set when late uses may begin.
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
    """Begins within the request: the thread waits for a body that is still on its way."""
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
    """Lets the late uses begin while this request is current, and tells what became of the first."""
    go.set()
    outcome = outcomes.get(timeout=10)
    go.clear()
    body = environ["wsgi.input"].read()
    start_response("200 OK", list(TEXT))
    return [outcome.encode() + b"|" + body]


def do_watch(environ, start_response):
    """A thread asks whether the client is there for as long as it is answered: beyond the end of the request, and at it."""
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
