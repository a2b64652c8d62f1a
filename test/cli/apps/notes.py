"""A Bottle app for the tests of `wsgi-bridge serve`."""

from bottle import Bottle, request

app = Bottle()


@app.get("/")
def index():
    return "Notes at " + request.url


@app.post("/notes")
def add():
    return {"text": request.forms.getunicode("text")}
