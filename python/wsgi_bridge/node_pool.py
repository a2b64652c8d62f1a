"""The Node processes of a `NodeApp`, and who has which of their lanes. Knows locks, forks and back-off; knows no request."""

import atexit
import os
import threading
import time
import weakref
from typing import Callable, List, Optional, Tuple

from .node_errors import NodeClosedError, NodeStartError, NodeTimeoutError
from .node_lane import NodeLane
from .node_process import NodeProcess

#: Seconds before Node is started again after it could not be started, twice as long each time.
_BACK_OFF = 0.25
_MAX_BACK_OFF = 8.0

#: A lane that one request has, and the process that it leads to.
Held = Tuple[NodeProcess, NodeLane]


class NodePool:
    """Starts processes when they are wanted. Each process that forks off has processes of its own."""

    _pid: int
    _condition: threading.Condition
    _processes: List[NodeProcess]
    _free: List[Held]
    #: How many processes are being started.
    _starting: int
    #: Why the newest start failed; None after one that did not.
    _failure: Optional[NodeStartError]
    _not_before: float
    _back_off: float

    def __init__(self, start: Callable[[], NodeProcess], count: int, queue_timeout: Optional[float]) -> None:
        self._start = start
        self._count = count
        self._queue_timeout = queue_timeout
        self._closed = False
        self._reset()
        _pools.add(self)

    def acquire(self) -> Held:
        """A free lane, now or when one is free. Raises NodeClosedError, NodeStartError, NodeTimeoutError."""
        self._own()
        deadline = None if self._queue_timeout is None else time.monotonic() + self._queue_timeout
        with self._condition:
            while True:
                if self._closed:
                    raise _closed()
                self._bury()
                if len(self._processes) + self._starting < self._count:
                    break
                if self._free:
                    return self._free.pop()
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0 or not self._condition.wait(left):
                    raise NodeTimeoutError(
                        "no lane to Node became free within queue_timeout, %g s; give NodeApp more lanes or processes"
                        % (self._queue_timeout or 0)
                    )
            if self._failure is not None and time.monotonic() < self._not_before:
                raise NodeStartError(str(self._failure))
            self._starting += 1
        return self._start_process()

    def give_back(self, held: Held, usable: bool) -> None:
        """The request is over. A lane that is not usable costs its process: that is gone, or stuck."""
        process = held[0]
        with self._condition:
            known = process in self._processes
            if usable and known and process.alive:
                self._free.append(held)
            else:
                held[1].close()
                if known:
                    self._remove(process)
            self._condition.notify()
        if known and not usable:
            process.kill()

    def close(self) -> None:
        """Ends all processes; whoever waits for a lane gets NodeClosedError."""
        self._own()
        with self._condition:
            self._closed = True
            processes, self._processes, self._free = self._processes, [], []
            self._condition.notify_all()
        for process in processes:
            process.close()

    def forked(self) -> None:
        """In a process that was forked off: the processes are the parent's, and locks may be held for ever."""
        processes = self._processes
        self._reset()
        for process in processes:
            process.disown()

    def _start_process(self) -> Held:
        process: Optional[NodeProcess] = None
        try:
            process = self._start()
        except NodeStartError as error:
            with self._condition:
                self._failure = error
                self._not_before = time.monotonic() + self._back_off
                self._back_off = min(_MAX_BACK_OFF, 2 * self._back_off)
            raise
        finally:
            with self._condition:
                self._starting -= 1
                closed = self._closed
                if process is not None and not closed:
                    self._failure, self._back_off = None, _BACK_OFF
                    self._processes.append(process)
                    self._free += [(process, lane) for lane in process.lanes[1:]]
                self._condition.notify_all()
        if closed:
            process.close()
            raise _closed()
        return process, process.lanes[0]

    def _bury(self) -> None:
        for process in [process for process in self._processes if not process.alive]:
            self._remove(process)

    def _remove(self, process: NodeProcess) -> None:
        self._processes.remove(process)
        for owner, lane in self._free:
            if owner is process:
                lane.close()
        self._free = [held for held in self._free if held[0] is not process]

    def _own(self) -> None:
        """Servers that fork without Python's knowledge, as uWSGI does, are noticed here."""
        if self._pid != os.getpid():
            self.forked()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._condition = threading.Condition()
        self._processes = []
        self._free = []
        self._starting = 0
        self._failure = None
        self._not_before = 0.0
        self._back_off = _BACK_OFF


def _closed() -> NodeClosedError:
    return NodeClosedError("the NodeApp was closed and takes no further requests")


_pools: "weakref.WeakSet[NodePool]" = weakref.WeakSet()


def _after_fork() -> None:
    for pool in list(_pools):
        pool.forked()


def _at_exit() -> None:
    for pool in list(_pools):
        pool.close()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
