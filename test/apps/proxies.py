"""Views that hand on the head of another server, in four frameworks, and values of frameworks' own text types."""

import bottle
import django
import flask
import markupsafe
import urllib3
import webob
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
from django.utils.safestring import mark_safe

http = urllib3.PoolManager()


def fetch(url):
    return http.request("GET", url, retries=False)


flask_app = flask.Flask(__name__)


@flask_app.route("/proxy")
def flask_proxy():
    upstream = fetch(flask.request.args["upstream"])
    return upstream.data, upstream.status, dict(upstream.headers)


@flask_app.route("/text")
def flask_text():
    return "text", 200, {"X-Text": markupsafe.escape("1")}


bottle_app = bottle.Bottle()


@bottle_app.route("/proxy")
def bottle_proxy():
    upstream = fetch(bottle.request.query["upstream"])
    bottle.response.status = upstream.status
    for name, value in upstream.headers.items():
        bottle.response.set_header(name, value)
    return upstream.data


def django_proxy(request):
    upstream = fetch(request.GET["upstream"])
    return HttpResponse(upstream.data, status=upstream.status, headers=upstream.headers)


def django_text(request):
    return HttpResponse("text", headers={"X-Text": mark_safe("1")})


urlpatterns = [path("django/proxy", django_proxy), path("django/text", django_text)]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="test", MIDDLEWARE=[])
django.setup()
django_app = get_wsgi_application()


def webob_app(environ, start_response):
    """Has the items of a mapping, which is no list, and the status of http.client, which has no reason."""
    upstream = fetch(webob.Request(environ).GET["upstream"])
    start_response(str(upstream.status), upstream.headers.items())
    return [upstream.data]


APPS = {"flask": flask_app, "bottle": bottle_app, "webob": webob_app}


def application(environ, start_response):
    name, _, rest = environ["PATH_INFO"][1:].partition("/")
    if name == "django":
        return django_app(environ, start_response)
    return APPS[name](dict(environ, PATH_INFO="/" + rest), start_response)
