"""The shop, on whatever WSGI server runs it; it says which one that is."""
import os


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("the shop at %s, on %s\n" % (environ["PATH_INFO"], os.environ["ENGINE"])).encode()]
