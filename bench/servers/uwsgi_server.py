"""The app under uWSGI: prints the address and a line per ready process, and stops with the bench; see stack.mjs."""
import os
import signal
import threading

import uwsgi
from answers import app as application

STDIN = 9
SCHEMES = {"http": "http", "fastcgi-socket": "fastcgi", "socket": "uwsgi"}


def _forked():
    if uwsgi.worker_id() == 1:
        option = next(option for option in SCHEMES if option in uwsgi.opt)
        print(f"listening {SCHEMES[option]}://{uwsgi.opt[option].decode()}", flush=True)
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    print("ready", flush=True)


def _end_with_stdin():
    while os.read(STDIN, 1024):
        pass
    os.kill(uwsgi.masterpid(), signal.SIGTERM)


uwsgi.post_fork_hook = _forked
