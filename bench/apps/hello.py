"""The least a Bottle app can do: what is measured is the way to it and back."""
from bottle import Bottle

app = Bottle()


@app.get("/")
def hello():
    return "Hello, World!"
