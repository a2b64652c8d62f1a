"""A Flask application that tells where it was imported and where it runs. IMPORTS names a file that gets a line per import."""

import os
import signal
import stat
import sys
import time

from flask import Flask, request

IMPORTED = os.getpid()
FORKS = []


def forked():
    FORKS.append((os.getpid(), os.open(os.devnull, os.O_RDONLY)))  # the descriptor must not take the number of a lane


os.register_at_fork(after_in_child=forked)
with open(os.environ["IMPORTS"], "a") as imports:
    imports.write("%d\n" % IMPORTED)
print("imported")

app = Flask(__name__)


@app.get("/process")
def process():
    return {"imported": IMPORTED, "parent": os.getppid(), "pid": os.getpid(), "forks": [pid for pid, _ in FORKS]}


@app.get("/pid")
def pid():
    return str(os.getpid())


@app.get("/sockets")
def sockets():
    numbers = [int(number) for number in os.listdir("/proc/self/fd")]
    return {"sockets": sorted(number for number in numbers if number > 2 and is_socket(number))}


def is_socket(number):
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:
        return False


@app.post("/exit")
def leave():
    os._exit(int(request.args["code"]))


@app.post("/write")
def write():
    print("a line on stdout of", os.getpid())
    sys.stderr.write("a line on stderr of %d\n" % os.getpid())
    return "written"


@app.get("/terminate")
def terminate():
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.1)
    return str(os.getpid())


@app.get("/sleep")
def sleep():
    print("sleeping")
    time.sleep(float(request.args["seconds"]))
    return str(os.getpid())


@app.get("/spin")
def spin():
    while True:
        sum(range(1000))
