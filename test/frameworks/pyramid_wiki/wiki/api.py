"""JSON, streams, and the facts of a request."""

import sys
import threading

from pyramid.response import Response

released = threading.Event()


def seen(request):
    request.response.set_cookie("plain", "1", path=request.script_name or "/")
    request.response.set_cookie("kept", "a b", max_age=60, httponly=True, secure=True, samesite="strict")
    request.response.delete_cookie("old")
    return {
        "rest": "/".join(request.matchdict["rest"]),
        "words": request.GET.getall("q"),
        "addr": request.client_addr,
        "scheme": request.scheme,
        "url": request.path_url,
        "script": request.script_name,
        "user": request.remote_user,
        "login": request.authorization and request.authorization.authtype,
        "cookies": dict(request.cookies),
        "bag": type(request.environ).__name__,
    }


def echo(request):
    request.response.status_int = 201
    return {"got": request.json_body}


def raw(request):
    return {"length": len(request.body), "declared": request.content_length, "readable": request.is_body_readable}


def many(request):
    request.response.conditional_response = True
    request.response.etag = "many"
    return {"items": [{"id": number, "text": "\u00e9\u2603"} for number in range(10000)]}


def moved(request):
    """Redirects. WebOb makes the Location absolute unless configured otherwise."""
    return Response(status=302, location=request.GET["to"])


def stream(request):
    released.clear()

    def blocks():
        yield b"held\n"
        yield b"released\n" if released.wait(15) else b"nobody came\n"

    return Response(content_type="text/plain", app_iter=blocks())


def release(request):
    released.set()
    return Response(status=204)


class Endless:
    """An iterable that reports when it is closed."""

    def __iter__(self):
        return self

    def __next__(self):
        return b"x" * 1000

    def close(self):
        print("closed endless", file=sys.stderr)


def endless(request):
    return Response(app_iter=Endless())


def broken(request):
    raise LookupError("hunter2 %s" % request.GET["\u00e9"])


def includeme(config):
    free = {"require_csrf": False}  # an API has its own tokens
    config.add_route("seen", "/seen*rest")
    config.add_view(seen, route_name="seen", renderer="json")
    config.add_route("echo", "/echo")
    config.add_view(echo, route_name="echo", renderer="json", request_method=("POST", "PUT"), **free)
    config.add_route("raw", "/raw")
    config.add_view(raw, route_name="raw", renderer="json", **free)
    config.add_route("release", "/release")
    config.add_view(release, route_name="release", **free)
    config.add_route("many", "/many")
    config.add_view(many, route_name="many", renderer="json")
    for view in (moved, stream, endless, broken):
        config.add_route(view.__name__, "/" + view.__name__)
        config.add_view(view, route_name=view.__name__)
