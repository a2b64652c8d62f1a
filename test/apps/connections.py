"""Raises the error in the path, as the application's own sockets and pipes do. Other paths respond with the pid."""

import builtins
import os


def application(environ, start_response):
    error = getattr(builtins, environ["PATH_INFO"][1:], None)
    if error is not None:
        raise error("a pipe of the application's own")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
