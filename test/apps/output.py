"""Writes to stdout and stderr in every way. The import itself needs both to be openable by name."""

import ctypes
import logging
import os
import subprocess
import sys

logging.getLogger("at.import").addHandler(logging.FileHandler("/dev/stdout"))
logging.getLogger("at.import").warning("logged to /dev/stdout at import")
with open("/dev/stderr", "w") as stream:
    stream.write("written to /dev/stderr at import\n")

#: Each line has 1 KiB.
LINES = 10 * 1024


def do_open(path):
    with open(path, "w") as stream:
        stream.write("written to %s\n" % path)


def do_shell(path):
    subprocess.run(["sh", "-c", "echo echoed to %s > %s" % (path, path)], check=True)


def do_child(_):
    subprocess.run([sys.executable, "-c", "print('printed by a child')"], check=True)


def do_fork(_):
    pid = os.fork()
    if pid == 0:
        os.write(2, b"written by a forked child\n")
        os._exit(0)
    os.waitpid(pid, 0)


def do_links(_):
    command = ["ls", "-l", "/proc/self/fd"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, close_fds=False).stdout.decode()


def do_kinds(_):
    return " ".join(os.readlink("/proc/self/fd/%d" % number).split(":")[0] for number in (1, 2))


def do_flood(name):
    stream = getattr(sys, name)
    for number in range(LINES):
        stream.write("%06d %s\n" % (number, "x" * 1016))


def do_flood_and_exit(name):
    do_flood(name)
    os._exit(7)


def do_last_word(_):
    os.write(1, b"the last word on stdout\n")
    os.write(2, b"the last word on stderr\n")
    os._exit(7)


def do_segfault(_):
    ctypes.string_at(0)


def application(environ, start_response):
    what = globals()["do_" + environ["PATH_INFO"][1:]]
    answer = what(environ["QUERY_STRING"]) or ""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer.encode()]
