"""A Flask app for the tests of `wsgi-bridge serve`."""

import os
import sys
import time

from flask import Flask, Response, redirect, request, url_for

app = Flask(__name__)


@app.get("/")
def index():
    return "The till is open at " + url_for("index", _external=True)


@app.get("/environment/<name>")
def environment(name):
    return os.environ.get(name, "(not set)")


@app.get("/crew")
def crew():
    return {"multithread": request.environ["wsgi.multithread"], "multiprocess": request.environ["wsgi.multiprocess"]}


@app.post("/length")
def length():
    return str(len(request.get_data()))


@app.get("/until")
def until():
    """Sends the head and the first block at once, and the rest when the file named in the query exists."""
    path = request.args["file"]

    def blocks():
        yield "begun\n"
        while not os.path.exists(path):
            time.sleep(0.01)
        yield "ended\n"

    return Response(blocks(), mimetype="text/plain")


@app.get("/cookies")
def cookies():
    response = redirect(url_for("index"))
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return response


@app.get("/say")
def say():
    print("said on stdout", flush=True)
    print("said on stderr", file=sys.stderr, flush=True)
    return "said"


@app.get("/fail")
def fail():
    raise LookupError("nothing in the till")
