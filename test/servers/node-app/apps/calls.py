"""Calls of a WSGI app within this process, under wsgiref.validate."""
import io, sys
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from wsgi_bridge import Cascade, NodeApp, NodeError


def request(path, method="GET", body=None, mount=""):
    environ = {"PATH_INFO": path, "SCRIPT_NAME": mount, "REQUEST_METHOD": method, "QUERY_STRING": "",
               "wsgi.input": io.BytesIO(body or b""), "wsgi.errors": sys.stderr}
    if body is not None:
        environ.update(CONTENT_LENGTH=str(len(body)), CONTENT_TYPE="application/octet-stream")
    setup_testing_defaults(environ)
    return environ


def begin(app, path):
    """Returns the result after its head has arrived. It keeps its lane until it is closed."""
    return app(request(path), lambda status, headers, exc_info=None: None)


def call(app, path, method="GET", body=None, mount="", blocks=None):
    heads = []
    start_response = lambda status, headers, exc_info=None: heads.append(status) or (lambda data: None)
    result = validator(app)(request(path, method, body, mount), start_response)
    try:
        data = b"".join(result) if blocks is None else next(iter(result))
    finally:
        result.close()
    return heads[0], data


def show(app, path, *args, **named):
    try:
        status, data = call(app, path, *args, **named)
        print(status, data.decode("latin-1"))
    except NodeError as error:
        print(type(error).__name__, str(error).split("\n")[0])
