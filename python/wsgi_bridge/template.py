"""
A template, the option `preload`: a process that loads the application once, and from which the workers are forked. Knows how it
starts and how a worker starts in it; knows no request.
"""

import os
import sys
from typing import NoReturn

from . import fastcgi, worker
from .control import Control
from .forker import Forker
from .handovers import Handovers
from .loader import LoadError
from .serving import exit_now
from .settings import Settings
from .started_threads import started_threads
from .threads import Threads

#: The descriptor on which those of the workers arrive. Descriptor 3 is the template's own control lane.
_HANDOVER = 4


def main(settings: Settings) -> NoReturn:
    """Runs the template, and each worker that is forked from it."""
    _reserve(_HANDOVER + 1, worker.FIRST_LANE + settings.threads)
    worker.prepare(settings)
    control = worker.open_control()
    forker = Forker(control, Handovers(Threads().socket(_HANDOVER)))
    app = worker.load_app(settings, control)
    _refuse_threads(settings.target, control)
    control.answer(fastcgi.GET_VALUES_RESULT, b"")
    parent = os.getpid()
    if not forker.run():
        sys.exit(0)
    worker.die_with_parent(parent)
    if os.getppid() != parent:
        os._exit(1)  # the template has ended, and no worker outlives it
    control = worker.open_control()
    worker.serve_lanes(app, control, worker.claim_lanes(settings), settings)


def _reserve(first: int, end: int) -> None:
    """Opens these descriptors, so that the application gets others: in a worker they are lanes."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(first, end):
        if descriptor != null:
            os.dup2(null, descriptor, inheritable=False)
    if not first <= null < end:
        os.close(null)


def _refuse_threads(target: str, control: Control) -> None:
    """Reports to Node and exits if the import has started threads."""
    threads = started_threads()
    if threads:
        error = LoadError("preload", name=target, threads=", ".join(threads))
        control.answer(fastcgi.EXCEPTION, fastcgi.pairs(error.report))
        exit_now(1)  # sys.exit() would wait for the threads
