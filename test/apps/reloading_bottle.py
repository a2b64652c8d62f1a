"""Starts Bottle's development server, which starts itself anew, whenever it is imported."""

import bottle

app = bottle.Bottle()
bottle.run(app, port=0, interval=0.01, reloader=True)
