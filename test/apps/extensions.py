"""Uses the extensions in the environ, middleware around them, and exc_info."""

import gc
import json
import sys
import tempfile
import weakref

TEXT = [("Content-Type", "text/plain")]


def application(environ, start_response):
    return globals()["do_" + environ["PATH_INFO"][1:]](environ, start_response)


def do_callables(environ, start_response):
    start_response("200 OK", TEXT)
    return [json.dumps([key for key, value in environ.items() if callable(value)]).encode()]


def do_file(environ, start_response):
    start_response("200 OK", TEXT)
    file = tempfile.TemporaryFile()
    file.write(b"of a file")
    file.seek(0)
    return environ["wsgi.file_wrapper"](file)


def loud(environ, start_response):
    """Middleware that replaces start_response and each block."""

    def start(status, headers, exc_info=None):
        return start_response("201 Changed", headers + [("X-Loud", "1")], exc_info)

    for block in application(environ, start):
        yield block.upper()


class Marked(Exception):
    pass


def do_held(environ, start_response):
    """Passes exc_info before the head is sent. It replaces the head."""
    start_response("200 OK", TEXT)
    reference = use_exc_info(start_response)
    return [b"gone" if reference() is None else b"kept"]


def do_sent(environ, start_response):
    """Passes exc_info after the head is sent. It is raised again."""
    start_response("200 OK", TEXT)(b"begun")
    reference = use_exc_info(start_response)
    print("gone" if reference() is None else "kept")
    return []


def use_exc_info(start_response):
    gc.disable()  # so that a reference cycle is noticed
    try:
        raise Marked()
    except Marked as error:
        reference = weakref.ref(error)
        try:
            start_response("500 Sorry", TEXT, sys.exc_info())
        except Marked:
            pass
    return reference
