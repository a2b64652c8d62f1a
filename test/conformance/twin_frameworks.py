"""Apps of real frameworks, each with a route for everything that cases/frameworks.ts checks."""

import io


def bottle_app():
    import bottle

    app = bottle.Bottle()

    @app.get("/hello")
    def hello():
        return "hello"

    @app.get("/empty")
    def empty():
        bottle.response.status = 204
        return "not sent"

    @app.get("/headers")
    def headers():
        bottle.response.set_header("X-Name", "\u0436")
        bottle.response.set_cookie("a", "1")
        bottle.response.set_cookie("b", "2")
        return "x"

    @app.post("/body")
    def body():
        return bottle.request.body.read()

    @app.post("/form")
    def form():
        return "%s %s" % (bottle.request.forms.name, bottle.request.files.get("file").file.read().decode("latin-1"))

    @app.get("/stream")
    def stream():
        yield "one"
        yield "two"

    @app.get("/path/<rest:path>")
    def path(rest):
        return rest

    @app.get("/fails")
    def fails():
        raise LookupError("hunter2")

    @app.get("/late")
    def late():
        yield "begun"
        raise LookupError("hunter2")

    @app.error(418)
    def teapot(error):
        raise LookupError("the error handler fails, too")

    @app.get("/teapot")
    def brew():
        bottle.abort(418, "short and stout")

    @app.get("/redirect")
    def redirect():
        bottle.redirect("/hello")

    return app


def flask_app():
    import flask

    app = flask.Flask("twin")

    @app.get("/hello")
    def hello():
        return "hello"

    @app.post("/body")
    def body():
        return flask.request.get_data()

    @app.post("/form")
    def form():
        return "%s %s" % (flask.request.form["name"], flask.request.files["file"].read().decode("latin-1"))

    @app.get("/stream")
    def stream():
        def blocks():
            try:
                yield flask.request.args["a"]
                yield flask.request.path
            finally:
                flask.request.environ["wsgi.errors"].write("closed\n")

        return flask.Response(flask.stream_with_context(blocks()), mimetype="text/plain")

    @app.get("/file")
    def file():
        return flask.send_file(io.BytesIO(b"0123456789"), mimetype="text/plain", etag="1", conditional=True)

    @app.get("/redirect")
    def redirect():
        return flask.redirect(flask.url_for("hello"))

    @app.get("/url")
    def url():
        return flask.url_for("hello", _external=True)

    @app.get("/cookies")
    def cookies():
        answer = flask.make_response(flask.request.cookies["in"])
        answer.set_cookie("a", "1")
        answer.set_cookie("b", "2")
        return answer

    @app.get("/fails")
    def fails():
        raise LookupError("hunter2")

    return app


def django_app():
    import django
    from django.conf import settings
    from django.http import FileResponse, HttpResponse, StreamingHttpResponse
    from django.urls import path

    def hello(request):
        return HttpResponse("hello", content_type="text/plain")

    def body(request):
        return HttpResponse(request.body)

    def facts(request):
        return HttpResponse("%s %s %s" % (request.is_secure(), request.path, request.META["SCRIPT_NAME"] == ""))

    def file(request):
        class File(io.BytesIO):
            def close(self):
                if not self.closed:
                    request.META["wsgi.errors"].write("closed\n")
                super().close()

        return FileResponse(File(b"0123456789"), content_type="text/plain")

    def stream(request):
        return StreamingHttpResponse((b"one", b"two"), content_type="text/plain")

    urls = [path(view.__name__, view) for view in (hello, body, facts, file, stream)]
    urlconf = type("Urls", (), {"urlpatterns": urls})
    settings.configure(ROOT_URLCONF=urlconf, ALLOWED_HOSTS=["*"], DEBUG=False, LOGGING_CONFIG=None)
    django.setup()
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()
