"""A JSON API with functions and a view class; the facts of a request."""

from flask import Blueprint, jsonify, request
from flask.views import MethodView

pages = Blueprint("api", __name__)


class Items(MethodView):
    def get(self):
        response = jsonify(items=[{"id": number, "text": "é☃"} for number in range(10_000)])
        response.add_etag()
        return response.make_conditional(request)

    def post(self):
        return jsonify(got=request.get_json()), 201, {"Location": "/api/items/7"}

    def delete(self):
        return "", 204


pages.add_url_rule("/items", view_func=Items.as_view("items"))


@pages.post("/raw")
def raw():
    return jsonify(length=len(request.get_data()), declared=request.content_length)


@pages.route("/seen/<path:rest>")
@pages.route("/seen")
def seen(rest=None):
    return jsonify(
        rest=rest,
        words=request.args.getlist("q"),
        addr=request.remote_addr,
        secure=request.is_secure,
        url=request.url,
        root=request.script_root,
        user=request.remote_user,
        login=request.authorization and request.authorization.username,
        foreign=sorted(key for key in request.environ if key.split(".")[0] in ("gunicorn", "uwsgi", "mod_wsgi", "waitress")),
        reloader=request.environ.get("werkzeug.socket") is not None,
    )
