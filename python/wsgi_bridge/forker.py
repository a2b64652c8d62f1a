"""Forks workers from a template, sends them signals, and reports their ends to Node. Knows processes; knows no application."""

import errno
import gc
import os
import signal
import sys
import traceback
from _socket import socketpair
from select import POLLIN, poll  # taken before the application is loaded: gevent and eventlet replace it
from typing import Any, Dict, List, Set

from . import fastcgi, forks, worker
from .control import Control
from .handovers import Handovers
from .hubs import renew_hubs

_WATCHED = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)
#: Taken before the application is loaded, as above.
_waitpid = os.waitpid


class Forker:
    """The part of a template that outlives the load."""

    def __init__(self, control: Control, handovers: Handovers) -> None:
        self._control = control
        self._handovers = handovers
        #: A socket pair for signal.set_wakeup_fd(): the end of a worker wakes the poll.
        self._reader, self._writer = socketpair()
        self._previous_wakeup = -1
        self._previous_handlers: Dict[int, Any] = {}
        #: The process ids of the running workers, by the numbers that Node gives them.
        self._workers: Dict[int, int] = {}
        #: Workers that Node wants to end, although their descriptors have not arrived yet.
        self._cancelled: Set[int] = set()
        forks.call_in_child(self._close)

    def run(self) -> bool:
        """Returns False when Node has closed the control lane. Returns True in each worker."""
        gc.collect()
        gc.freeze()  # the collector of a worker then leaves the template's objects alone, so that their memory stays shared
        self._watch_signals()
        events = poll()
        for source in (self._control, self._handovers, self._reader):
            events.register(source, POLLIN)
        while True:
            try:
                ready = {descriptor for descriptor, _ in events.poll()}
                if self._reader.fileno() in ready:
                    self._reader.recv(4096)
                    self._reap()
                if self._control.fileno() in ready and not self._send_signals():
                    return False
                if self._handovers.fileno() in ready and self._take_over():
                    return True
            except (Exception, SystemExit):  # raised by a signal handler of the application
                traceback.print_exc()

    def _watch_signals(self) -> None:
        """SIGTERM and SIGINT often go to a whole process group, but only Node decides when the template ends."""
        self._writer.setblocking(False)
        self._previous_wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for signum in _WATCHED:
            self._previous_handlers[signum] = signal.signal(signum, lambda _signal, _frame: None)

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
        try:
            pid = forks.fork_worker(lambda: self._adopt(descriptors))
        except OSError as error:
            self._report(number, error=errno.errorcode.get(error.errno or 0, str(error)))
            return False
        if pid == 0:
            descriptors.clear()
            return True
        self._workers[number] = pid
        return False

    def _adopt(self, descriptors: List[int]) -> None:
        """Called in a new worker. Gives the descriptors the numbers that they have in a worker that Node starts by itself."""
        for number, descriptor in enumerate(descriptors, 1):
            os.dup2(descriptor, number, inheritable=number < worker.CONTROL)
            os.close(descriptor)
        signal.set_wakeup_fd(self._previous_wakeup)
        for signum, handler in self._previous_handlers.items():
            signal.signal(signum, handler)
        renew_hubs()
        os.write(worker.CONTROL, fastcgi.record(fastcgi.FORKED, 0, fastcgi.pairs((("pid", str(os.getpid())),))))

    def _send_signals(self) -> bool:
        """Returns False when Node has closed the control lane."""
        requests = self._control.receive()
        for request in requests or ():
            number = int(request["worker"])
            if number in self._workers:
                os.kill(self._workers[number], int(request["signal"]))  # it is not reaped, so the id is still its own
            else:
                self._cancelled.add(number)
                self._report(number, code="0")
        return requests is not None

    def _reap(self) -> None:
        """Not waitpid(-1): the application may have started processes during the import, and wait for them."""
        for number, pid in list(self._workers.items()):
            try:
                ended, status = _waitpid(pid, os.WNOHANG)
            except ChildProcessError:  # it ended while the application's import ignored SIGCHLD
                ended, status = pid, 0
            if ended != 0:
                del self._workers[number]
                if os.WIFSIGNALED(status):
                    self._report(number, signal=_signal_name(os.WTERMSIG(status)))
                else:
                    self._report(number, code=str(os.WEXITSTATUS(status)))

    def _report(self, number: int, **end: str) -> None:
        self._control.report_worker(fastcgi.pairs((("worker", str(number)), *end.items())))

    def _close(self) -> None:
        """Called in each forked process: the sockets belong to the template."""
        for sock in (self._handovers, self._reader, self._writer):
            sock.close()


def _signal_name(signum: int) -> str:
    try:
        return signal.Signals(signum).name
    except ValueError:
        return "signal %d" % signum
