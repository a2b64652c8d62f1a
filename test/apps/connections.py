"""Raises what sockets and pipes of the application's own raise: `GET /BrokenPipeError`. Any other path answers its pid."""

import builtins
import os


def application(environ, start_response):
    error = getattr(builtins, environ["PATH_INFO"][1:], None)
    if error is not None:
        raise error("a pipe of the application's own")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
