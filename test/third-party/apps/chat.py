"""Flask-SocketIO in threading mode. With UPGRADES=no it offers its clients no WebSocket."""

import os
from typing import Dict

from flask import Flask, request
from flask_socketio import SocketIO, emit, send

app = Flask(__name__)
socketio = SocketIO(app, async_mode="threading", allow_upgrades=os.environ.get("UPGRADES") != "no")


@socketio.on("say")
def say(text: str) -> str:
    emit("said", text, broadcast=True)
    return text.upper()


@socketio.on("reverse")
def reverse(content: bytes) -> bytes:
    return content[::-1]


@socketio.on("count")
def count(last: int) -> None:
    for number in range(1, last + 1):
        send(number)


@socketio.on("disconnect")
def disconnect(reason: str) -> None:
    print(f"{request.sid} has left: {reason}", flush=True)


@app.get("/mode")
def mode() -> Dict[str, str]:
    return {"mode": socketio.async_mode, "mount": request.script_root}
