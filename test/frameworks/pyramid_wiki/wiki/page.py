"""The parts that every page has: a stylesheet, flashed messages, and a header set by a tween."""

from html import escape


class PageRenderer:
    """Puts the body of a view between the parts that every page has."""

    def __init__(self, info):
        pass

    def __call__(self, value, system):
        request = system["request"]
        flashed = "".join("<p>%s</p>" % escape(text) for text in request.session.pop_flash())
        link = request.static_url("wiki:static/site.css")
        return '<!doctype html><link rel="stylesheet" href="%s">%s%s' % (link, flashed, value["body"])


def took(handler, registry):
    """A tween: middleware between the router and the views."""

    def tween(request):
        response = handler(request)
        response.headers["X-Tween"] = request.matched_route.name if request.matched_route else "none"
        return response

    return tween
