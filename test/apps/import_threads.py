"""Modules that start threads when they are imported. KIND chooses how."""

import _thread
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor


def poll_for_ever():
    time.sleep(600)


KIND = os.environ["KIND"]
if KIND == "threading":
    threading.Thread(target=poll_for_ever, name="poller", daemon=True).start()
elif KIND == "_thread":
    _thread.start_new_thread(poll_for_ever, ())
elif KIND == "timer":
    threading.Timer(600, print).start()
elif KIND == "ended":
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(abs, range(100)))
elif KIND == "ending":
    threading.Thread(target=lambda: time.sleep(0.2)).start()


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [KIND.encode()]
