"""Makes stdout and stderr pipes, which Linux can open again by name. Knows descriptors; knows no application."""

import os
import stat
import sys
from typing import Dict, Tuple

from . import fastcgi
from .control import Control

_STREAMS = {"stdout": 1, "stderr": 2}


def open_pipes(control: Control) -> None:
    """
    Replaces stdout and stderr by pipes if Node can read them. Node starts processes with socket pairs, and Linux refuses to
    open /dev/stdout if it is a socket (ENXIO). Called before the application is loaded, and before any thread or fork.
    """
    if sys.platform != "linux":
        return
    pipes: Dict[str, Tuple[int, int]] = {}
    try:
        for name, descriptor in _STREAMS.items():
            # Otherwise a wrapper script has redirected the stream, for example to a file.
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                pipes[name] = os.pipe()
        if pipes and _is_read(pipes, control):
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            for name, (_, writer) in pipes.items():
                os.dup2(writer, _STREAMS[name])  # child processes inherit the copy, but not the original
    except OSError:
        pass  # no descriptor is left; the sockets stay
    finally:
        for pipe in pipes.values():
            for descriptor in pipe:
                os.close(descriptor)


def _is_read(pipes: Dict[str, Tuple[int, int]], control: Control) -> bool:
    """Offers the read ends to Node, which opens them by name. Returns True if it has opened all of them."""
    offer = [(name, "%d %d" % (reader, os.fstat(reader).st_ino)) for name, (reader, _) in pipes.items()]
    answer = control.ask(fastcgi.OUTPUT, fastcgi.pairs((("pid", str(os.getpid())), *offer)))
    return "opened" in answer
