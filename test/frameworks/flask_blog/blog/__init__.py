"""A blog in Flask: the application factory, its hooks, its error pages and its blueprints."""

import os
import sys

from flask import Flask, g, jsonify, render_template, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from . import api, files, posts, streams


def create_app():
    app = Flask(__name__)
    app.config.update(SECRET_KEY="not a secret", UPLOADS=os.environ["SITE_FOLDER"], MAX_CONTENT_LENGTH=8_000_000)
    app.register_blueprint(posts.pages)
    app.register_blueprint(files.pages, url_prefix="/files")
    app.register_blueprint(api.pages, url_prefix="/api")
    app.register_blueprint(streams.pages)

    @app.before_request
    def remember():
        g.trail = ["before"]

    @app.after_request
    def show(response):
        g.trail.append("after")
        response.headers["X-Trail"] = ",".join(g.trail)
        return response

    @app.teardown_request
    def forget(_error):
        if request.path == "/endless":
            print("torn down", request.path, file=sys.stderr)

    @app.errorhandler(404)
    def not_found(_error):
        return render_template("404.html", path=request.path), 404

    @app.errorhandler(413)
    def too_large(error):
        return jsonify(error=error.name), 413

    return app


def admin(environ, start_response):
    """A second WSGI app, mounted by DispatcherMiddleware in the same process."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("admin at %(SCRIPT_NAME)s, %(PATH_INFO)s" % environ).encode("latin-1")]


#: The last one is for a part of the site where Python, not Node, handles the headers of proxies.
application = DispatcherMiddleware(
    create_app(),
    {"/admin": admin, "/proxied": ProxyFix(create_app(), x_for=2, x_proto=1, x_host=1, x_prefix=1)},
)

if __name__ == "__main__":
    create_app().run(debug=True)
