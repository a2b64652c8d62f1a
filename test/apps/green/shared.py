"""A Flask app for green threads. What waits must let the other requests run."""

import os
import signal
import sys
import threading
import time

from flask import Flask, Response, request

app = Flask(__name__)
opened = threading.Event()
streams = [0]


@app.get("/")
def facts():
    return {"pid": os.getpid(), "threads": os_threads(), "lane": threading.current_thread().__class__.__name__}


def os_threads():
    return len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1


@app.get("/wait")
def wait():
    return {"opened": opened.wait(20)}


@app.get("/open")
def open_the_gate():
    opened.set()
    return "ok"


@app.get("/sleep")
def sleep():
    try:
        time.sleep(float(request.args["seconds"]))
    except BaseException as error:
        print("sleep ended by", type(error).__name__, flush=True)
        raise
    return "slept"


@app.post("/echo")
def echo():
    time.sleep(0)
    return request.get_data()


@app.get("/events")
def events():
    def generate():
        streams[0] += 1
        try:
            yield "data: hello\n\n"
            threading.Event().wait()
        finally:
            streams[0] -= 1

    return Response(generate(), mimetype="text/event-stream")


@app.get("/fork")
def fork():
    child = os.fork()
    if child == 0:
        os._exit(7)
    return {"code": os.waitpid(child, 0)[1] >> 8}


@app.get("/error")
def error():
    raise ValueError("a fault of the application")


@app.get("/partial")
def partial():
    """Names what is patched, for apps that patch only a part."""
    import socket

    return {"socket": socket.socket.__module__, "thread": threading.Thread.__module__, "lock": type(threading.Lock()).__module__}


@app.get("/term")
def term():
    os.kill(os.getpid(), signal.SIGTERM)
    return "ok"


@app.get("/file")
def file():
    from flask import send_file

    return send_file(sys.executable, mimetype="application/octet-stream")
