"""A WSGI application whose threads hang in every possible way."""

import ctypes
import os
import re
import signal
import socket
import threading
import time

TEXT = [("Content-Type", "text/plain")]


def application(environ, start_response):
    return globals()["do_" + environ["PATH_INFO"].strip("/")](environ, start_response)


def do_hello(environ, start_response):
    start_response("200 OK", list(TEXT))
    return [b"hello"]


def do_pid(environ, start_response):
    start_response("200 OK", list(TEXT))
    return [b"%d" % os.getpid()]


def do_busy(environ, start_response):
    """Runs Python code forever."""
    try:
        while True:
            spin()
    finally:
        print("tidied up")


def spin():
    sum(range(1000))


def do_stubborn(environ, start_response):
    """Runs forever and catches every exception."""
    while True:
        try:
            do_busy(environ, start_response)
        except BaseException as error:
            print("ignored " + type(error).__name__)


def do_sleep(environ, start_response):
    """Waits in C, where no exception can be raised."""
    print("sleeping")
    time.sleep(float(environ["QUERY_STRING"] or 60))
    return do_hello(environ, start_response)


def do_locked(environ, start_response):
    """Holds the interpreter's lock, so that no other thread can run."""
    re.match(r"(a+)+$", "a" * 60 + "b")


def do_stalled(environ, start_response):
    """Sends a first block and then hangs."""
    start_response("200 OK", list(TEXT))
    yield b"begun"
    while True:
        spin()


def do_steady(environ, start_response):
    """Takes long, and keeps sending."""
    start_response("200 OK", list(TEXT))
    for number in range(12):
        time.sleep(0.05)
        yield b"%d " % number


def do_large(environ, start_response):
    start_response("200 OK", [("Content-Length", str(64 << 20))])
    return (b"x" * 65536 for _ in range(1024))


def do_brief(environ, start_response):
    """Runs Python code for about the time in the query."""
    end = time.monotonic() + float(environ["QUERY_STRING"])
    while time.monotonic() < end:
        spin()
    return do_hello(environ, start_response)


def do_segfault(environ, start_response):
    ctypes.string_at(0)


def do_quit(environ, start_response):
    os._exit(7)


def do_garbage(environ, start_response):
    """Writes bytes to the lane that are not a record."""
    os.write(lane_of_this_thread(), b"HTTP/1.1 200 OK\r\n\r\n")
    return do_hello(environ, start_response)


def do_close_descriptors(environ, start_response):
    """Closes all descriptors, as daemons and some libraries do."""
    os.closerange(3, 64)
    return do_sleep(environ, start_response)


def lane_of_this_thread():
    return 4 + int(threading.current_thread().name.partition("-")[2] or 0)  # the main thread has the first lane


def do_terminate(environ, start_response):
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.2)
    return do_pid(environ, start_response)


def do_reads(environ, start_response):
    """Reads its body for longer than the timeout."""
    source = environ["wsgi.input"]
    while source.read(65536):
        pass
    while True:
        spin()


def do_asks(environ, start_response):
    """Calls client_disconnected() forever."""
    gone = environ["wsgi_bridge.client_disconnected"]
    while True:
        gone()


#: Set by /release and by SIGUSR1.
RELEASED = threading.Event()
signal.signal(signal.SIGUSR1, lambda number, frame: RELEASED.set())
#: /receive waits for a byte on the first, /free sends it to the second.
RECEIVER, SENDER = socket.socketpair()


def do_receive(environ, start_response):
    """Waits in C for a byte, without a timeout."""
    print("receiving")
    RECEIVER.recv(1)
    return do_hello(environ, start_response)


def do_free(environ, start_response):
    """Lets one request end that waits in /receive."""
    SENDER.send(b"x")
    return do_hello(environ, start_response)


def do_release(environ, start_response):
    """Lets /events and /report end."""
    RELEASED.set()
    return do_hello(environ, start_response)


def do_events(environ, start_response):
    """An event stream that sends nothing until /release."""
    start_response("200 OK", [("Content-Type", "text/event-stream; charset=utf-8")])
    yield b"data: first\n\n"
    RELEASED.wait()
    yield b"data: last\n\n"


def do_busy_events(environ, start_response):
    """An event stream that runs Python code instead of sending."""
    start_response("200 OK", [("Content-Type", "text/event-stream")])
    yield b"data: first\n\n"
    do_busy(environ, start_response)


def do_report(environ, start_response):
    """Sends lines until /release, and then the last one."""
    start_response("200 OK", list(TEXT))
    while not RELEASED.wait(0.02):
        yield b"line\n"
    yield b"end\n"


def do_pause(environ, start_response):
    """Begins its response and sends the rest after /release."""
    start_response("200 OK", list(TEXT))
    yield b"begun, "
    RELEASED.wait()
    yield b"ended"
