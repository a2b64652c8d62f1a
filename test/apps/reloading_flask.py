"""Starts Flask's development server, which starts itself anew, whenever it is imported."""

import flask

app = flask.Flask(__name__)
app.run(port=0, use_reloader=True, debug=True)
