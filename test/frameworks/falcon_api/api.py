"""An API in Falcon: its resources, its middleware and its error handlers."""

import os

import falcon

import files
import items
import streams


class Trail:
    """Middleware that adds a header to each response and refuses some requests."""

    def process_request(self, req, resp):
        req.context.trail = ["request"]

    def process_resource(self, req, resp, resource, params):
        req.context.trail.append(type(resource).__name__)

    def process_response(self, req, resp, resource, req_succeeded):
        req.context.trail.append("ok" if req_succeeded else "failed")
        resp.set_header("X-Trail", ",".join(req.context.trail))


class OutOfStock(Exception):
    """The API's own error."""


def out_of_stock(req, resp, error, params):
    resp.status = falcon.HTTP_409
    resp.media = {"error": str(error)}


class Stock:
    def on_get(self, req, resp):
        raise OutOfStock("none left")


class Seen:
    def on_get(self, req, resp, first=None, second=None):
        resp.set_cookie("plain", "1", secure=False)
        resp.set_cookie("kept", "a b", max_age=60, path=req.root_path or "/", same_site="Strict", domain="127.0.0.1")
        resp.unset_cookie("old")
        resp.append_header("Vary", "Accept")
        resp.append_header("Vary", "Cookie")
        resp.media = {
            "rest": [first, second],
            "words": req.get_param_as_list("q"),
            "addr": req.remote_addr,
            "route": req.access_route,
            "scheme": req.scheme,
            "url": req.uri,
            "forwarded": req.forwarded_uri,
            "script": req.root_path,
            "auth": req.auth,
            "cookies": req.cookies,
            "user": req.env.get("REMOTE_USER"),
        }


def sink(req, resp, rest):
    """Serves paths below /sink that have no route."""
    resp.text = "%s of %s, mounted at %s" % (req.method, rest, req.root_path)


def make():
    app = falcon.App(middleware=[Trail(), falcon.CORSMiddleware(allow_origins="https://shop.example")])
    app.req_options.strip_url_path_trailing_slash = True
    app.add_route("/items", items.Items())
    app.add_route("/items/{number:int}", items.Item())
    app.add_route("/raw", items.Raw())
    app.add_route("/old", items.Old())
    app.add_route("/broken", items.Broken())
    app.add_route("/stock", Stock())
    app.add_route("/seen", Seen())
    app.add_route("/seen/{first}/{second}", Seen())
    app.add_route("/upload", files.Upload())
    app.add_route("/uploads/{name}", files.Download())
    app.add_route("/stream", streams.Stream())
    app.add_route("/release", streams.Release())
    app.add_route("/endless", streams.Endless())
    app.add_static_route("/static", os.path.join(os.path.dirname(os.path.abspath(__file__)), "static"))
    app.add_sink(sink, r"/sink/(?P<rest>.*)")
    app.add_error_handler(OutOfStock, out_of_stock)
    return app


application = make()
