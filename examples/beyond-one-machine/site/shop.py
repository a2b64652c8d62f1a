"""The shop, for any WSGI server. Responds with the name of the server."""
import os


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("the shop at %s, on %s\n" % (environ["PATH_INFO"], os.environ["ENGINE"])).encode()]
