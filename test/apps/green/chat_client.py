"""Two Socket.IO clients on long polling: python chat_client.py URL. Prints what the second one hears."""

import sys
import threading

import socketio

heard = threading.Event()
first, second = socketio.Client(), socketio.Client()


@second.on("heard")
def on_heard(text):
    print(second.transport(), text)
    heard.set()


for client in first, second:
    client.connect(sys.argv[1], transports=["polling"])
    client.call("join", "kitchen", timeout=20)
first.emit("shout", {"room": "kitchen", "text": "hello"})
if not heard.wait(20):
    print("nothing was heard")
for client in first, second:
    client.disconnect()
