"""Streamed responses."""

import sys
import threading

import cherrypy

released = threading.Event()


class Streams:
    @cherrypy.expose
    def held(self):
        released.clear()
        cherrypy.response.headers["Content-Type"] = "text/plain"

        def blocks():
            yield "held\n"
            yield "released\n" if released.wait(15) else "nobody came\n"

        return blocks()

    @cherrypy.expose
    def release(self):
        released.set()
        cherrypy.response.status = 204

    @cherrypy.expose
    def endless(self):
        def blocks():
            try:
                while True:
                    yield "x" * 1000
            finally:
                print("closed endless", file=sys.stderr)

        return blocks()
