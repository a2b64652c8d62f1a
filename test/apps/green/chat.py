"""Flask-SocketIO on green threads. A client sends "shout", and all clients of the room get it."""

from gevent import monkey

monkey.patch_all()

from flask import Flask  # noqa: E402
from flask_socketio import SocketIO, emit, join_room  # noqa: E402

app = Flask(__name__)
socketio = SocketIO(app, async_mode="gevent")


@socketio.on("join")
def join(room):
    join_room(room)
    return "joined"


@socketio.on("shout")
def shout(message):
    emit("heard", message["text"].upper(), to=message["room"])
