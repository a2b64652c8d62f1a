"""Frameworks and what they trust their server with: headers of proxies, REMOTE_USER, the environ itself."""


def _bottle():
    import bottle

    app = bottle.Bottle()

    @app.get("/")
    def believed():
        return {"url": bottle.request.url, "client": bottle.request.remote_addr}

    return app


def _django():
    import django
    from django.conf import settings

    settings.configure(
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="tests",
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        AUTHENTICATION_BACKENDS=[__name__ + ".NoDatabase"],
        MIDDLEWARE=[
            "django.middleware.common.CommonMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.auth.middleware.RemoteUserMiddleware",
        ],
    )
    django.setup()

    from django.contrib.auth.models import update_last_login
    from django.contrib.auth.signals import user_logged_in
    from django.core.wsgi import get_wsgi_application
    from django.http import JsonResponse
    from django.urls import path

    user_logged_in.disconnect(update_last_login, dispatch_uid="update_last_login")  # there is no table to write to
    globals()["urlpatterns"] = [path("", lambda request: JsonResponse({"user": request.user.get_username()}))]
    return get_wsgi_application()


class NoDatabase:
    """An authentication backend that accepts every user that the server names."""

    def authenticate(self, request, remote_user):
        from django.contrib.auth.models import User

        return User(pk=1, username=remote_user)

    def get_user(self, user_id):
        return None


def _webob():
    from webob import Request, Response

    def application(environ, start_response):
        left = [key for key in environ if key.split(".")[0] in ("webob", "wsgiorg", "paste")]
        exact = type(environ) is dict
        request = Request(environ)
        request.urlvars["id"] = "7"
        request.remote_user = "zoe"  # WebOb writes into the environ
        readable = request.is_body_readable
        facts = {
            "dict": exact,
            "left": left,
            "readable": readable,
            "url": request.url,
            "script": request.script_name,
            "path": request.path_info,
            "again": [request.body.decode("latin-1") for _ in range(2)],
            "urlvars": Request(environ).urlvars,
            "user": environ["REMOTE_USER"],
        }
        return Response(json=facts)(environ, start_response)

    return application


def _pyramid():
    from pyramid.config import Configurator

    def view(request):
        body = request.body.decode("latin-1")
        return {"name": request.matchdict["name"], "body": body, "url": request.route_url("one", name="x")}

    with Configurator() as config:
        config.add_route("one", "/one/{name}")
        config.add_view(view, route_name="one", renderer="json")
        return config.make_wsgi_app()


def __getattr__(name):
    """Creates the app on first use, so that `trusting:bottle` imports no other framework."""
    make = globals().get("_" + name)
    if make is None:
        raise AttributeError(name)
    app = globals()[name] = make()
    return app
