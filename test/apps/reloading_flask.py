"""Starts Flask's development server, with its reloader, when imported."""

import flask

app = flask.Flask(__name__)
app.run(port=0, use_reloader=True, debug=True)
