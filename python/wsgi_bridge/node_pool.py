"""The Node processes of a `NodeApp` and their free lanes. Knows locks, forks and the backoff of starts; knows no request."""

import atexit
import os
import threading
import time
import weakref
from typing import Callable, List, Optional, Tuple

from .node_errors import NodeClosedError, NodeStartError, NodeTimeoutError
from .node_lane import NodeLane
from .node_process import NodeProcess

#: Seconds until the next attempt after Node could not be started. The time doubles with each failure.
_BACKOFF = 0.25
_MAX_BACKOFF = 8.0

#: A lane and its process.
PooledLane = Tuple[NodeProcess, NodeLane]


class NodePool:
    """Starts Node processes when they are needed. A forked child of this process starts its own."""

    _pid: int
    _condition: threading.Condition
    _processes: List[NodeProcess]
    _free: List[PooledLane]
    #: How many processes are starting.
    _starting: int
    #: Why the latest start failed; None if it succeeded.
    _failure: Optional[NodeStartError]
    #: No new start before this time.
    _retry_at: float
    #: How many seconds to wait after the next failed start.
    _backoff: float

    def __init__(self, start: Callable[[], NodeProcess], count: int, queue_timeout: Optional[float]) -> None:
        self._start = start
        self._count = count
        self._queue_timeout = queue_timeout
        self._closed = False
        self._reset()
        _pools.add(self)

    def acquire(self) -> PooledLane:
        """Returns a free lane. May start a process or wait. Raises NodeClosedError, NodeStartError, NodeTimeoutError."""
        self._check_fork()
        deadline = None if self._queue_timeout is None else time.monotonic() + self._queue_timeout
        with self._condition:
            while True:
                if self._closed:
                    raise _closed()
                self._remove_exited()
                if len(self._processes) + self._starting < self._count:
                    break
                if self._free:
                    return self._free.pop()
                remaining = None if deadline is None else deadline - time.monotonic()
                if remaining is not None and remaining <= 0 or not self._condition.wait(remaining):
                    raise NodeTimeoutError(
                        "no lane to Node became free within queue_timeout, %g s; give NodeApp more lanes or processes"
                        % (self._queue_timeout or 0)
                    )
            if self._failure is not None and time.monotonic() < self._retry_at:
                raise NodeStartError(str(self._failure))
            self._starting += 1
        return self._start_process()

    def give_back(self, pooled: PooledLane, usable: bool) -> None:
        """Takes a lane back after its request. If the lane is not usable, kills its process, which has exited or is stuck."""
        process = pooled[0]
        with self._condition:
            known = process in self._processes
            if usable and known and process.alive:
                self._free.append(pooled)
            else:
                pooled[1].close()
                if known:
                    self._remove(process)
            self._condition.notify()
        if known and not usable:
            process.kill()

    def close(self) -> None:
        """Ends all processes. Threads that wait for a lane get NodeClosedError."""
        self._check_fork()
        with self._condition:
            self._closed = True
            processes, self._processes, self._free = self._processes, [], []
            self._condition.notify_all()
        for process in processes:
            process.close()

    def after_fork(self) -> None:
        """Called in a forked child: the Node processes belong to the parent, and a lock may stay locked for ever."""
        processes = self._processes
        self._reset()
        for process in processes:
            process.disown()

    def _start_process(self) -> PooledLane:
        process: Optional[NodeProcess] = None
        try:
            process = self._start()
        except NodeStartError as error:
            with self._condition:
                self._failure = error
                self._retry_at = time.monotonic() + self._backoff
                self._backoff = min(_MAX_BACKOFF, 2 * self._backoff)
            raise
        finally:
            with self._condition:
                self._starting -= 1
                closed = self._closed
                if process is not None and not closed:
                    self._failure, self._backoff = None, _BACKOFF
                    self._processes.append(process)
                    self._free += [(process, lane) for lane in process.lanes[1:]]
                self._condition.notify_all()
        if closed:
            process.close()
            raise _closed()
        return process, process.lanes[0]

    def _remove_exited(self) -> None:
        for process in [process for process in self._processes if not process.alive]:
            self._remove(process)

    def _remove(self, process: NodeProcess) -> None:
        self._processes.remove(process)
        for owner, lane in self._free:
            if owner is process:
                lane.close()
        self._free = [pooled for pooled in self._free if pooled[0] is not process]

    def _check_fork(self) -> None:
        """Notices a fork for which Python's fork handlers were not called. Some servers, such as uWSGI, fork in that way."""
        if self._pid != os.getpid():
            self.after_fork()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._condition = threading.Condition()
        self._processes = []
        self._free = []
        self._starting = 0
        self._failure = None
        self._retry_at = 0.0
        self._backoff = _BACKOFF


def _closed() -> NodeClosedError:
    return NodeClosedError("the NodeApp was closed and takes no more requests")


_pools: "weakref.WeakSet[NodePool]" = weakref.WeakSet()


def _after_fork() -> None:
    for pool in list(_pools):
        pool.after_fork()


def _at_exit() -> None:
    for pool in list(_pools):
        pool.close()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
