"""The app of the benchmark: a Bottle app that does as little as possible, so that the path to it and back is measured."""
import os
import time

from bottle import Bottle, request

TEN_KB = "x" * 10 * 1024
ONE_MIB = "x" * 1024 * 1024

app = Bottle()


@app.get("/")
def hello():
    return "Hello, World!"


@app.get("/10k")
def ten_kb():
    return TEN_KB


@app.get("/1m")
def one_mib():
    return ONE_MIB


@app.post("/size")
def size():
    return str(len(request.body.read()))


@app.get("/sleep/<milliseconds:int>")
def sleep(milliseconds):
    time.sleep(milliseconds / 1000)
    return "awake"


@app.get("/pid")
def pid():
    return str(os.getpid())
