"""
What `objection()` says of many callables, as JSON: {name: objection}. The names of those that it must refuse begin with the
objection. The arguments name the `import_…` functions to run, which need libraries.
"""

import functools
import json
import sys
from unittest import mock

from wsgi_bridge.callables import objection

found = {}


def add(name, value):
    found[name] = objection(value)


def app(environ, start_response):
    return []


def any_arguments(*args, **kwargs):
    return app(*args)


async def asgi(scope, receive, send):
    pass


class Shop:
    def __call__(self, environ, start_response):
        return []

    def method(self, environ, start_response):
        return []

    @classmethod
    def of_class(cls, environ, start_response):
        return []

    @staticmethod
    def of_nobody(environ, start_response):
        return []


class Result:
    def __init__(self, environ, start_response):
        pass

    def __iter__(self):
        return iter(())


class Inherited(Result):
    pass


class MadeByNew:
    def __new__(cls, *arguments):
        return []


class MadeByNewOnly(MadeByNew):
    def __init__(self):
        pass


class Meta(type):
    def __call__(cls, environ, start_response):
        return []


class OfMeta(metaclass=Meta):
    pass


class Everything:
    """Has every attribute, so it must be asked for none."""

    def __getattr__(self, name):
        return self

    def __call__(self, environ, start_response):
        return []


class Delegating:
    __call__ = staticmethod(app)


class ByProperty:
    @property
    def __call__(self):
        return app


class Lying:
    """Its signature is not its own."""

    __signature__ = __import__("inspect").Signature()

    def __call__(self, environ, start_response):
        return []


@functools.wraps(asgi)
def wrapping_async(environ, start_response):
    return []


@functools.wraps(lambda: None)
def wrapping_factory(environ, start_response):
    return []


def lambda_default(environ, start_response, debug=False):
    return []


def keywords(environ, start_response, *, debug=False):
    return []


def bound(config, environ, start_response):
    return []


add("function", app)
add("any arguments", any_arguments)
add("default", lambda_default)
add("keyword with default", keywords)
add("one and any", lambda environ, *rest: [])
add("partial", functools.partial(bound, {}))
add("partial with keyword", functools.partial(lambda environ, start_response, config: [], config={}))
add("partial with keyword-only", functools.partial(lambda environ, start_response, *, config: [], config={}))
add("instance", Shop())
add("bound method", Shop().method)
add("class method", Shop.of_class)
add("static method", Shop.of_nobody)
add("partial of method", functools.partial(Shop().method))
add("class of results", Result)
add("inherited class of results", Inherited)
add("class with __new__", MadeByNew)
add("class with __new__ and __init__", MadeByNewOnly)
add("class with a metaclass", OfMeta)
add("object with every attribute", Everything())
add("static __call__", Delegating())
add("property __call__", ByProperty())
add("false signature", Lying())
add("wrapper of an async function", wrapping_async)
add("wrapper of a factory", wrapping_factory)
add("mock", mock.Mock())
add("magic mock", mock.MagicMock())
add("patched function", mock.create_autospec(app))
add("C function", max)
add("C class", dict)
add("C method", [].append)
add("C method descriptor", str.join)
add("possible factory", lambda config=None, debug=False: app)
add("cached function", functools.lru_cache(maxsize=None)(app))
add("single dispatch", functools.singledispatch(app))


class Asgi:
    async def __call__(self, scope, receive, send):
        pass

    async def method(self, scope, receive, send):
        pass


class AsgiMiddleware:
    def __call__(self, scope, receive, send):
        return asgi(scope, receive, send)


class Asgi2:
    def __init__(self, scope):
        pass

    async def __call__(self, receive, send):
        pass


async def async_wsgi(environ, start_response):
    return []


async def async_generator(environ, start_response):
    yield b""


async def async_factory():
    return app


class Empty:
    pass


class Configured:
    def __init__(self, *, debug):
        pass


add("asgi function", asgi)
add("asgi instance", Asgi())
add("asgi method", Asgi().method)
add("asgi partial", functools.partial(asgi))
add("asgi middleware class", AsgiMiddleware())
add("asgi2 class", Asgi2)
add("async with two arguments", async_wsgi)
add("async generator", async_generator)
add("async factory", async_factory)
add("factory without arguments", lambda: app)
add("factory with one default", lambda config=None: app)
add("factory with a keyword", lambda *, config=None: app)
add("factory partial", functools.partial(lambda config: app, "prod"))
add("factory class of applications", Shop)
add("factory empty class", Empty)
add("arity one", lambda config: app)
add("arity three", lambda one, two, three: app)
add("arity required keyword", lambda environ, start_response, *, config: app)
add("arity of a class", Configured)
add("arity partial", functools.partial(app, {}, None, None))


def import_bottle():
    import bottle

    add("Bottle", bottle.Bottle())
    add("Bottle's default", bottle.default_app())


def import_flask():
    import flask
    from werkzeug.local import LocalProxy
    from werkzeug.middleware.dispatcher import DispatcherMiddleware
    from werkzeug.middleware.proxy_fix import ProxyFix
    from werkzeug.wrappers import Request, Response

    shop = flask.Flask("shop")
    add("Flask", shop)
    add("Flask's wsgi_app", shop.wsgi_app)
    add("ProxyFix", ProxyFix(shop))
    add("DispatcherMiddleware", DispatcherMiddleware(shop, {"/a": app}))
    add("LocalProxy", LocalProxy(lambda: shop))
    add("Werkzeug response", Response("hello"))
    add("Werkzeug responder", Request.application(lambda request: Response("hello")))


def import_django():
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.utils.functional import SimpleLazyObject

    settings.configure(ROOT_URLCONF="urls")
    add("Django", get_wsgi_application())
    add("lazy Django", SimpleLazyObject(get_wsgi_application))


def import_others():
    import cherrypy
    import falcon
    from pyramid.config import Configurator
    from webob import Response
    from webob.dec import wsgify

    add("CherryPy tree", cherrypy.tree)
    add("CherryPy application", cherrypy.Application(object()))
    add("Pyramid", Configurator().make_wsgi_app())
    add("WebOb wsgify", wsgify(lambda request: Response("hello")))
    add("WebOb response", Response("hello"))
    add("Falcon", falcon.App())


def import_apps():
    import dash
    import radicale.app
    import socketio
    from a2wsgi import ASGIMiddleware
    from dulwich.web import HTTPGitApplication, make_wsgi_chain
    from mercurial.hgweb.hgweb_mod_inner import hgweb

    add("a2wsgi", ASGIMiddleware(asgi))
    add("Dash", dash.Dash().server)
    add("Socket.IO", socketio.WSGIApp(socketio.Server()))
    add("Radicale", object.__new__(radicale.app.Application))
    add("dulwich", HTTPGitApplication({}))
    add("dulwich chain", make_wsgi_chain({}))
    add("hgweb", object.__new__(hgweb))


def import_asgi():
    import falcon.asgi
    from django.conf import settings
    from django.core.asgi import get_asgi_application

    settings.configure(ROOT_URLCONF="urls")
    add("asgi Django", get_asgi_application())
    add("asgi Falcon", falcon.asgi.App())


def import_asgi_apps():
    import fastapi
    import socketio
    from asgiref.wsgi import WsgiToAsgi
    from starlette.applications import Starlette
    from starlette.middleware.gzip import GZipMiddleware

    add("asgi FastAPI", fastapi.FastAPI())
    add("asgi Starlette", Starlette())
    add("asgi middleware", GZipMiddleware(Starlette()))
    add("asgi Socket.IO", socketio.ASGIApp(socketio.AsyncServer(async_mode="asgi")))
    add("asgi WsgiToAsgi", WsgiToAsgi(app))


for name in sys.argv[1:]:
    globals()["import_" + name]()
print(json.dumps(found))
