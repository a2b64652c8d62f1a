"""A WSGI application that leaves processes behind, and one that writes to stderr until its process exits."""

import os
import subprocess
import sys

TEXT = [("Content-Type", "text/plain")]
MEBIBYTE = 1024 * 1024


def application(environ, start_response):
    return globals()["do_" + environ["PATH_INFO"].strip("/")](environ, start_response)


def do_hello(environ, start_response):
    start_response("200 OK", list(TEXT))
    return [b"hello"]


def do_leave(environ, start_response):
    """Leaves a grandchild of Node that holds the stdout and stderr of this process."""
    child = subprocess.Popen(["sleep", "25"])
    start_response("200 OK", list(TEXT))
    return [b"%d" % child.pid]


def do_last_words(environ, start_response):
    """Writes a mebibyte of lines and a line without its end, and exits."""
    subprocess.Popen(["sleep", "25"])
    line = "x" * 63 + "\n"
    sys.stderr.write(line * (MEBIBYTE // len(line)) + "the very last word")
    sys.stderr.flush()
    os._exit(7)
