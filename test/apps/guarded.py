"""Apps with the development servers of their frameworks' tutorials, guarded by `__name__ == "__main__"`."""

import bottle as bottle_module
import flask as flask_module

bottle = bottle_module.Bottle()
flask = flask_module.Flask(__name__)
flask.debug = True


@bottle.get("/fails")
@flask.get("/fails")
def fails():
    raise LookupError("hunter2")


@bottle.get("/")
@flask.get("/")
def index():
    return "hello"


if __name__ == "__main__":
    bottle_module.run(bottle, reloader=True, debug=True)
    flask.run(debug=True)
