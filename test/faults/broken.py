"""Views that break in every way that could affect another request. Each response has the id of its request."""

import os
import random
import sys
import threading
import time

TEXT = [("Content-Type", "text/plain")]
#: Held for a while by `do_locks`; other requests wait for it briefly.
LOCK = threading.Lock()


def app(environ, start_response):
    return globals()["do_" + environ["PATH_INFO"].strip("/")](environ, start_response)


def token(environ):
    return environ["HTTP_X_REQUEST_ID"].encode()


def answer(environ, start_response):
    start_response("200 OK", list(TEXT))
    return [token(environ)]


def do_name(environ, start_response):
    time.sleep(random.random() * 0.002)
    return answer(environ, start_response)


def do_body(environ, start_response):
    """Responds with the id and the body, which is the id as well."""
    start_response("200 OK", list(TEXT))
    return [token(environ), b" ", environ["wsgi.input"].read()]


def do_stream(environ, start_response):
    start_response("200 OK", list(TEXT))
    for _ in range(5):
        time.sleep(0.001)
        yield token(environ) + b" "


def do_fork(environ, start_response):
    """Forks a child that returns from the view in one of three ways. Does not wait for it."""
    if os.fork() == 0:
        time.sleep(random.random() * 0.05)
        how = random.randrange(3)
        if how == 0:
            sys.exit(0)
        if how == 1:
            raise LookupError("in the child")
        return [b"from the child of " + token(environ)]
    return answer(environ, start_response)


def do_fork_streams(environ, start_response):
    start_response("200 OK", list(TEXT))
    yield token(environ) + b" "
    if os.fork() == 0:
        yield b"from the child of " + token(environ)
    yield token(environ) + b" "


def do_daemon(environ, start_response):
    """Starts a daemon that closes all descriptors, as daemons do."""
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(3, 256)
            time.sleep(0.1)
        os._exit(0)
    os.waitpid(child, 0)
    return answer(environ, start_response)


def later(use):
    def run():
        time.sleep(random.random() * 0.05)
        try:
            use()
        except ValueError:
            pass  # the expected error: the request has ended

    threading.Thread(target=run, daemon=True).start()


def do_late_read(environ, start_response):
    later(environ["wsgi.input"].read)
    return answer(environ, start_response)


def do_late_write(environ, start_response):
    write = start_response("200 OK", list(TEXT))
    later(lambda: write(b"late bytes of " + token(environ)))
    return [token(environ)]


def do_late_ask(environ, start_response):
    later(environ["wsgi_bridge.client_disconnected"])
    later(lambda: environ["wsgi.errors"].write("late words\n"))
    return answer(environ, start_response)


def do_raise(environ, start_response):
    start_response("200 OK", list(TEXT))
    raise LookupError(environ["HTTP_X_REQUEST_ID"])


def do_exit(environ, start_response):
    sys.exit(environ["HTTP_X_REQUEST_ID"])


def do_locks(environ, start_response):
    """Keeps a lock after the request for a while. Requests that want it meanwhile go without it."""
    if LOCK.acquire(timeout=0.01):
        threading.Timer(0.05, LOCK.release).start()
    return answer(environ, start_response)


def do_long_head(environ, start_response):
    start_response("200 OK", [*TEXT, ("X-Long", "x" * 300_000)])
    return [token(environ)]


def do_close_raises(environ, start_response):
    start_response("200 OK", list(TEXT))

    class Result(list):
        def close(self):
            raise LookupError("in close()")

    return Result([token(environ)])


def do_descriptors(environ, start_response):
    """Closes all descriptors of the process, including the lanes, and opens others in their place."""
    os.closerange(3, 64)
    held = [os.open(os.devnull, os.O_RDWR) for _ in range(32)]
    time.sleep(0.01)
    for descriptor in held:
        os.close(descriptor)
    return answer(environ, start_response)


def do_dies(environ, start_response):
    os._exit(3)
