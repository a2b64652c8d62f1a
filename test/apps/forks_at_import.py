"""A module that forks when it is imported. The child ends without an exit of its own."""

import os

CHILD = os.fork()
if CHILD == 0:
    print("the child has imported the rest", flush=True)


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served"]
