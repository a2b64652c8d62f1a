"""Starts Bottle's development server, with its reloader, when imported."""

import bottle

app = bottle.Bottle()
bottle.run(app, port=0, interval=0.01, reloader=True)
