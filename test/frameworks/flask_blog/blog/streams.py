"""Streamed responses."""

import sys
import threading

from flask import Blueprint, request, stream_with_context

pages = Blueprint("streams", __name__)
released = threading.Event()


@pages.get("/stream")
def stream():
    released.clear()

    def blocks():
        yield "held for %s\n" % request.args["name"]
        yield "released\n" if released.wait(15) else "nobody came\n"

    return stream_with_context(blocks()), {"Content-Type": "text/plain"}


@pages.get("/endless")
def endless():
    def blocks():
        try:
            while True:
                yield request.path.ljust(1000) + "\n"
        finally:
            print("closed", request.path, file=sys.stderr)

    return stream_with_context(blocks())


@pages.get("/late")
def late():
    released.clear()

    def blocks():
        yield "begun\n"
        released.wait(15)
        raise LookupError("hunter4")

    return stream_with_context(blocks())


@pages.put("/release")
def release():
    released.set()
    return "", 204
