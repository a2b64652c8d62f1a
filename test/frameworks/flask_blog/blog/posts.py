"""HTML pages: a login, a CSRF token in each form, flashed messages, redirects."""

import secrets

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, session, url_for

pages = Blueprint("posts", __name__)
POSTS = {"hello": "Hello, world", "grüße": "Grüße aus Zürich"}
USERS = {"zoë": "pässword"}


@pages.before_request
def check_token():
    if request.method == "POST" and request.form.get("csrf_token") != session.get("csrf_token"):
        abort(400, "The CSRF token is wrong.")


@pages.app_context_processor
def token():
    if "csrf_token" not in session:
        session["csrf_token"] = secrets.token_hex(8)
    return {"csrf_token": session["csrf_token"]}


@pages.get("/")
def index():
    return render_template("index.html", posts=POSTS, user=session.get("user"))


@pages.get("/posts/<slug>/")
def post(slug):
    if slug not in POSTS:
        abort(404)
    return render_template("post.html", title=POSTS[slug], link=url_for(".post", slug=slug, _external=True))


@pages.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "GET":
        return render_template("login.html")
    if USERS.get(request.form["name"]) != request.form["password"]:
        flash("Wrong name or password", "error")
        return redirect(url_for(".login"))
    session.permanent = True
    session["user"] = request.form["name"]
    flash("Welcome, %s" % session["user"])
    return redirect(url_for(".index"), 303)


@pages.post("/logout")
def logout():
    session.pop("user")
    flash("Good bye")
    return redirect(url_for(".index"))


@pages.get("/cookies")
def cookies():
    response = make_response(dict(request.cookies))
    response.set_cookie("plain", "1")
    response.set_cookie("kept", "a b;c", max_age=60, secure=True, httponly=True, samesite="Strict")
    response.set_cookie("scoped", "ü", path=url_for(".index"), domain="127.0.0.1")
    response.delete_cookie("old")
    return response


@pages.get("/broken")
def broken():
    raise LookupError("hunter2 %s" % request.args["é"])
