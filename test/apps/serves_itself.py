"""An app that starts its own server when it is imported."""

from wsgiref.simple_server import demo_app, make_server

app = demo_app
make_server("127.0.0.1", 0, app).serve_forever()
