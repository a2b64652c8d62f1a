"""An application that depends on the main thread, as many do that ran under gunicorn's sync worker or uWSGI."""

import asyncio
import os
import signal
import sqlite3
import threading
import time
from urllib.parse import parse_qs

CONNECTION = sqlite3.connect(":memory:")  # usable only in the thread that made it
LOOP = asyncio.new_event_loop()
asyncio.set_event_loop(LOOP)
TEXT = [("Content-Type", "text/plain")]


class Slow(Exception):
    pass


def too_slow(_signal, _frame):
    raise Slow


signal.signal(signal.SIGALRM, too_slow)


def application(environ, start_response):
    query = parse_qs(environ["QUERY_STRING"])
    body = globals()["do_" + environ["PATH_INFO"].strip("/")](environ, query)
    start_response("200 OK", list(TEXT))
    return [str(body).encode()]


def do_pid(environ, query):
    return os.getpid()


def do_facts(environ, query):
    return threading.current_thread() is threading.main_thread(), environ["wsgi.multithread"]


def do_alarm(environ, query):
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        time.sleep(30)
    except Slow:
        return "too slow"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def do_forgets(environ, query):
    """Leaves an alarm behind, which comes when no request runs, or in the next one."""
    signal.setitimer(signal.ITIMER_REAL, float(query["seconds"][0]))
    return "forgot"


def do_loop(environ, query):
    return asyncio.get_event_loop().run_until_complete(asyncio.sleep(0, "from the loop"))


def do_handler(environ, query):
    """asyncio takes the wake-up descriptor of signals, and does not give it back."""
    LOOP.add_signal_handler(signal.SIGUSR1, print)
    LOOP.remove_signal_handler(signal.SIGUSR1)
    return "ok"


def do_database(environ, query):
    return CONNECTION.execute("SELECT 6 * 7").fetchone()[0]


def do_term(environ, query):
    os.kill(os.getpid(), signal.SIGTERM)
    return "asked to end"


def do_busy(environ, query):
    while True:
        pass

