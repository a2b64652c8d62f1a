"""Streamed responses."""

import sys
import threading

import falcon

released = threading.Event()


class Stream:
    def on_get(self, req, resp):
        released.clear()

        def blocks():
            yield b"held\n"
            yield b"released\n" if released.wait(15) else b"nobody came\n"

        resp.content_type = falcon.MEDIA_TEXT
        resp.stream = blocks()


class Release:
    def on_put(self, req, resp):
        released.set()
        resp.status = 204


class Endless:
    def on_get(self, req, resp):
        def blocks():
            try:
                while True:
                    yield b"x" * 1000
            finally:
                print("closed", req.path, file=sys.stderr)

        resp.stream = blocks()
