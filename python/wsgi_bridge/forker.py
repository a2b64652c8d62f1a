"""Forks workers from a template, sends them signals, and reports their ends to Node. Knows processes; knows no application."""

import errno
import gc
import os
import signal
import sys
import traceback
from select import POLLIN, poll  # taken before the application is loaded: gevent and eventlet replace it
from typing import Any, Dict, List, NamedTuple, Set

from . import fastcgi, forks, worker
from .control import Control
from .handovers import Handovers
from .hubs import renew_hubs

_IGNORED = (signal.SIGINT, signal.SIGTERM)
#: Taken before the application is loaded, as above.
_waitpid = os.waitpid
#: A process closes its descriptors a moment before it can be reaped. In milliseconds.
_FIRST_WAIT, _LAST_WAIT = 1, 1000


class Worker(NamedTuple):
    """A running worker."""

    pid: int
    #: The reading end of a pipe whose other end only the worker has: it ends with the worker. SIGCHLD may belong to gevent.
    lifeline: int


class Forker:
    """The part of a template that outlives the load."""

    def __init__(self, control: Control, handovers: Handovers) -> None:
        self._control = control
        self._handovers = handovers
        self._poll = poll()
        self._handlers: Dict[int, Any] = {}
        #: By the numbers that Node gives the workers.
        self._workers: Dict[int, Worker] = {}
        #: Workers that have closed their end of the pipe, or got a signal, but could not be reaped yet.
        self._ending: Set[int] = set()
        #: Workers that Node wants to end, although their descriptors have not arrived yet.
        self._cancelled: Set[int] = set()
        forks.call_in_child(self._close)

    def run(self) -> bool:
        """Returns False when Node has closed the control lane. Returns True in each worker."""
        gc.collect()
        gc.freeze()  # the collector of a worker then leaves the template's objects alone, so that their memory stays shared
        for signum in _IGNORED:  # they often go to a whole process group, but only Node decides when the template ends
            self._handlers[signum] = signal.signal(signum, lambda _signal, _frame: None)
        self._poll.register(self._control, POLLIN)
        self._poll.register(self._handovers, POLLIN)
        wait = None
        while True:
            try:
                ready = {descriptor for descriptor, _ in self._poll.poll(wait)}
                if self._control.fileno() in ready and not self._send_signals():
                    return False
                wait = min(2 * (wait or _FIRST_WAIT), _LAST_WAIT) if self._reap(ready) else None
                if self._handovers.fileno() in ready and self._take_over():
                    return True
            except (Exception, SystemExit):  # raised by a signal handler of the application
                traceback.print_exc()

    def _take_over(self) -> bool:
        """Receives descriptors. When a worker has all of them, forks it. Returns True in the worker."""
        handover = self._handovers.receive()
        if handover is None:
            return False
        number, descriptors = handover
        try:
            if number in self._cancelled:
                self._cancelled.discard(number)
            elif not descriptors:
                self._report(number, error="EMFILE")
            else:
                return self._fork(number, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return False

    def _fork(self, number: int, descriptors: List[int]) -> bool:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()  # otherwise the worker would write it again
            except (AttributeError, OSError, ValueError):  # the stream is None or closed
                pass
        pipe: List[int] = []
        try:
            pipe.extend(os.pipe())
            pid = forks.fork_worker(lambda: self._adopt(descriptors, *pipe))
        except OSError as error:
            descriptors.extend(pipe)  # to be closed with them
            self._report(number, error=errno.errorcode.get(error.errno or 0, str(error)))
            return False
        if pid == 0:
            descriptors.clear()
            return True
        lifeline, end = pipe
        os.close(end)
        self._workers[number] = Worker(pid, lifeline)
        self._poll.register(lifeline, 0)  # POLLHUP is always reported
        return False

    def _adopt(self, descriptors: List[int], lifeline: int, end: int) -> None:
        """Called in a new worker. Gives the descriptors the numbers that they have in a worker that Node starts by itself."""
        for number, descriptor in enumerate(descriptors, 1):
            os.dup2(descriptor, number, inheritable=number < worker.CONTROL)
            os.close(descriptor)
        os.close(lifeline)
        forks.call_in_child(lambda: os.close(end))
        for signum, handler in self._handlers.items():
            signal.signal(signum, handler)
        renew_hubs()
        os.write(worker.CONTROL, fastcgi.record(fastcgi.FORKED, 0, fastcgi.pairs((("pid", str(os.getpid())),))))

    def _send_signals(self) -> bool:
        """Returns False when Node has closed the control lane."""
        requests = self._control.receive()
        for request in requests or ():
            number = int(request["worker"])
            if number in self._workers:
                os.kill(self._workers[number].pid, int(request["signal"]))  # it is not reaped, so the id is still its own
                self._ending.add(number)  # even if a descendant holds its end of the pipe
            else:
                self._cancelled.add(number)
                self._report(number, code="0")
        return requests is not None

    def _reap(self, ready: Set[int]) -> bool:
        """Reports workers that have ended. Returns True if others are about to. `ready`: what the poll has returned."""
        for number, (pid, lifeline) in list(self._workers.items()):
            if lifeline in ready:
                self._poll.unregister(lifeline)
                self._ending.add(number)
            if number in self._ending and self._has_ended(number, pid):
                os.close(lifeline)
                del self._workers[number]
                self._ending.discard(number)
        return bool(self._ending)

    def _has_ended(self, number: int, pid: int) -> bool:
        """Not waitpid(-1): the application may have started processes during the import, and wait for them."""
        try:
            ended, status = _waitpid(pid, os.WNOHANG)
        except ChildProcessError:  # the import has set SIGCHLD to SIG_IGN
            self._report(number, code="unknown")
            return True
        if ended == 0:
            return False
        if os.WIFSIGNALED(status):
            self._report(number, signal=_signal_name(os.WTERMSIG(status)))
        else:
            self._report(number, code=str(os.WEXITSTATUS(status)))
        return True

    def _report(self, number: int, **end: str) -> None:
        self._control.report_worker(fastcgi.pairs((("worker", str(number)), *end.items())))

    def _close(self) -> None:
        """Called in each forked process: these belong to the template."""
        self._handovers.close()
        for running in self._workers.values():
            os.close(running.lifeline)


def _signal_name(signum: int) -> str:
    try:
        return signal.Signals(signum).name
    except ValueError:
        return "signal %d" % signum
