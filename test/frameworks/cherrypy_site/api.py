"""A JSON API."""

import cherrypy


class Api:
    @cherrypy.expose
    @cherrypy.tools.json_in()
    @cherrypy.tools.json_out()
    def echo(self):
        cherrypy.response.status = 201
        return {"got": cherrypy.request.json}

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def many(self):
        return {"items": [{"id": number, "text": "\u00e9\u2603"} for number in range(10_000)]}

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def raw(self):
        body = cherrypy.request.body
        return {"length": len(body.read()), "declared": cherrypy.request.headers.get("Content-Length")}

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def seen(self, *rest, q=None):
        request = cherrypy.request
        return {
            "rest": "/".join(rest),
            "words": q,
            "addr": request.remote.ip,
            "scheme": request.scheme,
            "base": request.base,
            "url": cherrypy.url(),
            "script": request.script_name,
            "login": request.login,
            "peer": sorted(key for key in request.wsgi_environ if key.startswith(("X_REMOTE", "REMOTE_USER"))),
            "cookies": {name: morsel.value for name, morsel in request.cookie.items()},
        }


@cherrypy.expose
class Items:
    """A resource whose methods are those of HTTP."""

    def GET(self):
        return "all"

    def PUT(self, number):
        cherrypy.response.headers["Location"] = cherrypy.url("/items/" + number)
        cherrypy.response.status = 201
        return "put " + number

    def DELETE(self, number):
        cherrypy.response.status = 204
