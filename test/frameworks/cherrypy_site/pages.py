"""A site in CherryPy as a WSGI app: handlers by name, tools, sessions, uploads, files, streams, REST by methods."""

import os

import cherrypy
from cherrypy.lib import static

from api import Api, Items
from streams import Streams

HERE = os.path.dirname(os.path.abspath(__file__))
UPLOADS = os.environ["SITE_FOLDER"]


@cherrypy.tools.register("before_finalize")
def marked():
    """The site's own tool."""
    cherrypy.response.headers["X-Tool"] = cherrypy.request.path_info


def error_page(status, message, traceback, version):
    return "<h1>%s</h1><p>%s</p>" % (status, message)


class Root:
    api = Api()
    items = Items()
    streams = Streams()

    @cherrypy.expose
    def index(self):
        link = '<a href="%s">Grüße</a>' % cherrypy.url("/pages/gr%C3%BC%C3%9Fe", relative="server")
        form = '<form method="post" action="login"><input name="name"></form>'
        flashed = cherrypy.session.pop("flash", "")
        return "<p>%s</p><h1>Hello, %s</h1>%s%s" % (flashed, cherrypy.session.get("name", "stranger"), link, form)

    @cherrypy.expose
    @cherrypy.tools.allow(methods=["POST"])
    def login(self, name):
        cherrypy.session.regenerate()
        cherrypy.session["name"] = name
        cherrypy.session["flash"] = "Welcome"
        raise cherrypy.HTTPRedirect(cherrypy.url("/"))

    @cherrypy.expose
    def logout(self):
        cherrypy.lib.sessions.expire()
        raise cherrypy.HTTPRedirect(cherrypy.url("/"))

    @cherrypy.expose
    def pages(self, name, *rest, q=None):
        cherrypy.response.cookie["seen"] = "1"
        cherrypy.response.cookie["seen"]["path"] = "/"
        cherrypy.response.cookie["theme"] = "dark"
        cherrypy.response.cookie["theme"]["max-age"] = 60
        return "%s, %s, %s" % (name, "/".join(rest), q)

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def upload(self, note, upload):
        with open(os.path.join(UPLOADS, "upload.bin"), "wb") as saved:
            for block in iter(lambda: upload.file.read(65536), b""):
                saved.write(block)
        return {"note": note, "name": upload.filename, "type": str(upload.content_type)}

    @cherrypy.expose
    def download(self):
        return static.serve_file(os.path.join(UPLOADS, "upload.bin"), "application/x-download", "attachment", "größe.bin")

    @cherrypy.expose
    def broken(self):
        raise LookupError("hunter2")

    @cherrypy.expose
    def teapot(self):
        raise cherrypy.HTTPError("418 I'm a teapot", "short and stout")


CONFIG = {
    "/": {
        "tools.sessions.on": True,
        "tools.encode.on": True,
        "tools.encode.encoding": "utf-8",
        "tools.marked.on": True,
        "tools.etags.on": True,
        "tools.etags.autotags": True,
        "error_page.404": error_page,
        "tools.gzip.on": True,
        "tools.gzip.mime_types": ["application/json"],
    },
    "/items": {"request.dispatch": cherrypy.dispatch.MethodDispatcher(), "tools.sessions.on": False},
    "/streams": {"response.stream": True, "tools.etags.on": False, "tools.sessions.on": False},
    "/static": {
        "tools.staticdir.on": True,
        "tools.staticdir.dir": os.path.join(HERE, "static"),
        "tools.sessions.on": False,
        "tools.etags.on": False,
    },
    "/private": {
        "tools.auth_basic.on": True,
        "tools.auth_basic.realm": "private",
        "tools.auth_basic.checkpassword": cherrypy.lib.auth_basic.checkpassword_dict({"zoe": "p:w"}),
    },
}


class Private:
    @cherrypy.expose
    def index(self):
        return "welcome " + cherrypy.request.login


Root.private = Private()
cherrypy.config.update({"environment": "embedded", "log.wsgi": True})
#: With an empty script_name, the app takes that of the environ.
application = cherrypy.Application(Root(), script_name=None, config=CONFIG)
