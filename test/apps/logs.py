"""Logs in the formats of Python's loggers. Each path is one way."""

import logging
import sys
import threading
import time
import traceback
import warnings

from flask import Flask

flask_app = Flask("shop")
shop = logging.getLogger("shop.stock")
shop.propagate = False
shop.setLevel(logging.DEBUG)

FORMATS = {
    "default": logging.BASIC_FORMAT,
    "time": "%(asctime)s %(levelname)s %(name)s: %(message)s",
    "dashes": "%(asctime)s - %(name)s - %(levelname)s - %(message)s",
    "django": "%(levelname)s %(asctime)s %(module)s %(process)d %(thread)d %(message)s",
    "brackets": "[%(levelname)s] %(message)s",
}


def do_format(name):
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(FORMATS[name]))
    shop.handlers[:] = [handler]
    log_all(shop)


def do_gunicorn(_):
    from gunicorn.config import Config
    from gunicorn.glogging import Logger

    log_all(Logger(Config()))


def log_all(logger):
    for level in ("info", "warning", "error", "critical"):
        getattr(logger, level)("at %s", level)
    try:
        raise LookupError("of the shop")
    except LookupError:
        logger.exception("at exception")


def do_flask(_):
    flask_app.logger.warning("at warning")
    try:
        raise LookupError("of the shop")
    except LookupError:
        flask_app.logger.exception("at exception")


def do_plain(_):
    print("to stdout")
    print("to stderr", file=sys.stderr)


def do_print_exc(_):
    try:
        try:
            raise LookupError("first")
        except LookupError as error:
            raise ValueError("second\nof two lines") from error
    except ValueError:
        traceback.print_exc()


def do_warn(_):
    warnings.warn("this is old", DeprecationWarning)


def do_thread(_):
    def fail():
        raise LookupError("in a thread")

    thread = threading.Thread(target=fail, name="background")
    thread.start()
    thread.join()


def do_slow_traceback(_):
    """Writes a traceback in two pieces, as a busy machine may."""
    sys.stderr.write("Traceback (most recent call last):\n")
    time.sleep(0.3)
    sys.stderr.write('  File "shop.py", line 3, in sell\nLookupError: late\n')


def do_errors(_, environ):
    errors = environ["wsgi.errors"]
    errors.write("INFO of the request\n")
    errors.write("no level\n")


def do_raise(_):
    raise LookupError("not caught")


def application(environ, start_response):
    what = globals()["do_" + environ["PATH_INFO"][1:]]
    if what is do_flask:
        with flask_app.request_context(environ):
            what(environ["QUERY_STRING"])
    elif what is do_errors:
        what(environ["QUERY_STRING"], environ)
    else:
        what(environ["QUERY_STRING"])
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b""]
