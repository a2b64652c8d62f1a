import eventlet

eventlet.monkey_patch()

from shared import app  # noqa: E402, F401
