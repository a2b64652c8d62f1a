"""Logs records with everything that Python's `logging` can attach. Each path is one way."""

import logging
import os
import sys
import threading

logging.basicConfig(level=logging.DEBUG, format="%(message)s")
shop = logging.getLogger("shop.stock")
quiet = logging.getLogger("shop.quiet")
quiet.setLevel(logging.ERROR)
alone = logging.getLogger("alone")
alone.propagate = False
alone.addHandler(logging.StreamHandler(sys.stdout))
only_errors = logging.StreamHandler()
only_errors.setLevel(logging.ERROR)
strict = logging.getLogger("strict")
strict.propagate = False
strict.addHandler(only_errors)
shop.info("at import")

RECORDS = 20_000


class Odd:
    def __repr__(self):
        return "<Odd>"


class Unshowable:
    def __repr__(self):
        raise RuntimeError("no repr")


def do_levels():
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        shop.log(level, "at %d", level)
    quiet.warning("not logged")
    alone.info("of a logger alone")
    strict.info("not logged either")


def do_extra():
    loop = []
    loop.append(loop)
    shop.info("extra", extra={"item": 3, "odd": Odd(), "nan": float("nan"), "deep": {"a": [1, None]}, "loop": loop})
    shop.info("fits", extra={"long": "x" * 100_000, "item": 1})
    shop.info("\u20ac" * 100_000)
    shop.info("a\x1b[31m\u0436\U0001f600\ud800")
    shop.info("bad %d", "argument")
    shop.info("unshowable", extra={"a": Unshowable()})


def do_exception():
    try:
        raise LookupError("of the shop")
    except LookupError:
        shop.warning("caught", exc_info=True, stack_info=True)


def do_thread():
    thread = threading.Thread(target=shop.info, args=("in a thread",))
    thread.start()
    thread.join()


def do_fork():
    pid = os.fork()
    if pid == 0:
        shop.error("in a forked child")
        os._exit(0)
    os.waitpid(pid, 0)


def do_flood():
    for number in range(RECORDS):
        shop.info("%d", number)


def do_floods():
    threads = [threading.Thread(target=do_flood) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def do_last_word():
    shop.critical("the last word")
    os._exit(7)


def application(environ, start_response):
    globals()["do_" + environ["PATH_INFO"][1:]]()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b""]
