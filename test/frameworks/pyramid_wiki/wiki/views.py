"""HTML pages."""

import os
import shutil
from html import escape

from pyramid.csrf import get_csrf_token
from pyramid.exceptions import URLDecodeError
from pyramid.httpexceptions import HTTPFound, HTTPNotFound
from pyramid.response import FileResponse
from pyramid.security import forget, remember
from pyramid.wsgi import wsgiapp2

UPLOADS = os.environ["SITE_FOLDER"]
PAGES = {"Start": "Grüße"}


def token(request):
    return '<input type="hidden" name="csrf_token" value="%s">' % get_csrf_token(request)


def index(request):
    links = ['<a href="%s">%s</a>' % (request.route_path("page", name=name), escape(name)) for name in sorted(PAGES)]
    who = request.authenticated_userid or "stranger"
    form = '<form method="post" action="%s">%s</form>' % (request.route_url("logout"), token(request))
    return {"body": "<h1>Hello, %s</h1>%s%s" % (escape(who), "".join(links), form)}


def page(request):
    name = request.matchdict["name"]
    if name not in PAGES:
        raise HTTPNotFound("There is no page %s." % name)
    return {"body": "<h1>%s</h1>%s" % (escape(name), escape(PAGES[name]))}


def login_form(request):
    return {"body": '<form method="post">%s<input name="name"></form>' % token(request)}


def login(request):
    request.session.flash("Welcome, %s" % request.POST["name"])
    return HTTPFound(request.route_url("index"), headers=remember(request, request.POST["name"]))


def logout(request):
    request.session.flash("Good bye")
    return HTTPFound(request.route_path("index"), headers=forget(request))


def edit_form(request):
    form = '<form method="post" enctype="multipart/form-data">%s<input name="name"></form>' % token(request)
    return {"body": form}


def edit(request):
    PAGES[request.POST["name"]] = request.POST["text"]
    sent = request.POST["file"]
    with open(os.path.join(UPLOADS, "page.bin"), "wb") as saved:
        shutil.copyfileobj(sent.file, saved)
    request.session.flash("Saved, with %s" % sent.filename)
    return HTTPFound(request.route_url("page", name=request.POST["name"]))


def attachment(request):
    response = FileResponse(os.path.join(UPLOADS, "page.bin"), request=request, content_type="application/zip")
    response.conditional_response = True
    response.accept_ranges = "bytes"
    return response


def not_found(error, request):
    request.response.status = 404
    return {"body": "<h1>Nothing here</h1>%s" % escape(error.detail or request.path)}


def no_text(error, request):
    request.response.status = 400
    return {"body": "<h1>This is no UTF-8.</h1>"}


def forbidden(request):
    return HTTPFound(request.route_url("login", _query={"next": request.path}))


@wsgiapp2
def plain(environ, start_response):
    """Calls a WSGI app under a route of Pyramid."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("%(SCRIPT_NAME)s then %(PATH_INFO)s" % environ).encode("latin-1")]


def includeme(config):
    for name, pattern in [
        ("index", "/"),
        ("page", "/pages/{name}"),
        ("login", "/login"),
        ("logout", "/logout"),
        ("edit", "/edit"),
        ("attachment", "/attachment"),
    ]:
        config.add_route(name, pattern)
    config.add_route("plain", "/plain/*subpath")
    config.add_view(plain, route_name="plain")
    config.add_view(index, route_name="index", renderer="index.page")
    config.add_view(page, route_name="page", renderer="page.page")
    config.add_view(login_form, route_name="login", request_method="GET", renderer="login.page")
    config.add_view(login, route_name="login", request_method="POST")
    config.add_view(logout, route_name="logout", request_method="POST")
    config.add_view(edit_form, route_name="edit", request_method="GET", renderer="edit.page", permission="edit")
    config.add_view(edit, route_name="edit", request_method="POST", permission="edit")
    config.add_view(attachment, route_name="attachment")
    config.add_notfound_view(not_found, renderer="error.page")
    config.add_forbidden_view(forbidden)
    config.add_exception_view(no_text, context=URLDecodeError, renderer="error.page")
