"""Apps for `passOn`: one that answers 404 after it has read the body, and one that sends the body back."""


def application(environ, start_response):
    environ["wsgi.input"].read()
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"none"]


def echo(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body]
