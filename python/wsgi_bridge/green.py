"""
Green threads for the lanes of an application that gevent or eventlet has patched: all run in the main thread, and one that
waits lets another one run. Only the libraries' own locks, sockets and threads are used, whatever the application has patched.
"""

import select
import sys
from importlib import import_module
from typing import Any, Callable, Optional, Sequence

from .interruptible import Interruptible, RequestTimeout, stack_text
from .threads import ReceiveNow, Threads

#: The original class. gevent replaces it in its module, and eventlet removes it.
_Poll = select.poll


class GreenThreads(Threads):
    """What gevent and eventlet have in common."""

    #: Node opens a socket for each thread.
    limit = 10_000

    def receive_now(self, sock: Any) -> ReceiveNow:
        # These libraries' sockets ignore MSG_DONTWAIT.
        poll = _Poll()
        poll.register(sock.fileno(), select.POLLIN)

        def receive(count: int) -> bytes:
            if not poll.poll(0):
                raise BlockingIOError
            return sock.recv(count)  # type: ignore[no-any-return]

        return receive

    def interruptible(self) -> Interruptible:
        return GreenInterruptible(self)

    def current(self) -> Any:
        """Returns the running greenlet."""
        raise NotImplementedError

    def call_soon(self, function: Callable[[], None]) -> None:
        """Calls the function in the hub, that is, while no green thread runs."""
        raise NotImplementedError

    def wait_readable(self, descriptor: int) -> None:
        """Waits, in the calling green thread, until the descriptor can be read."""
        raise NotImplementedError


class Gevent(GreenThreads):
    library = "gevent"

    def __init__(self) -> None:
        self._gevent: Any = import_module("gevent")
        self._lock: Any = import_module("gevent.lock")
        self._socket: Any = import_module("gevent.socket")

    def lock(self) -> Any:
        return self._lock.BoundedSemaphore(1)

    def socket(self, descriptor: int) -> Any:
        sock = self._socket.socket(fileno=descriptor)
        sock.settimeout(None)
        return sock

    def current(self) -> Any:
        return self._gevent.getcurrent()

    def start(self, name: str, function: Callable[[], None]) -> Any:
        return self._gevent.spawn(function)

    def join(self, threads: Sequence[Any], seconds: float) -> None:
        self._gevent.joinall(threads, timeout=seconds)

    def call_soon(self, function: Callable[[], None]) -> None:
        self._gevent.get_hub().loop.run_callback(function)

    def wait_readable(self, descriptor: int) -> None:
        self._socket.wait_read(descriptor)


class Eventlet(GreenThreads):
    library = "eventlet"

    def __init__(self) -> None:
        self._eventlet: Any = import_module("eventlet")
        self._greenio: Any = import_module("eventlet.greenio")
        self._hubs: Any = import_module("eventlet.hubs")
        self._semaphore: Any = import_module("eventlet.semaphore")

    def lock(self) -> Any:
        return self._semaphore.Semaphore(1)

    def socket(self, descriptor: int) -> Any:
        sock = self._greenio.GreenSocket(super().socket(descriptor))
        sock.settimeout(None)
        return sock

    def current(self) -> Any:
        return self._eventlet.getcurrent()

    def start(self, name: str, function: Callable[[], None]) -> Any:
        return self._eventlet.spawn(function)

    def join(self, threads: Sequence[Any], seconds: float) -> None:
        with self._eventlet.Timeout(seconds, False):
            for thread in threads:
                thread.wait()

    def call_soon(self, function: Callable[[], None]) -> None:
        self._hubs.get_hub().schedule_call_global(0, function)

    def wait_readable(self, descriptor: int) -> None:
        self._hubs.trampoline(descriptor, read=True)


class GreenInterruptible(Interruptible):
    """The state of one green thread. As only one of them runs at a time, no lock is needed."""

    def __init__(self, threads: GreenThreads) -> None:
        super().__init__()
        self._threads = threads

    def _current(self) -> Any:
        return self._threads.current()

    def interrupt(self, number: int) -> str:
        thread = self._thread
        if thread is None or self._number != number:
            return ""
        self._threads.call_soon(lambda: self._throw(number))
        return stack_text(thread.gr_frame)

    def _throw(self, number: int) -> None:
        """Called in the hub, because another green thread could not continue after it has thrown."""
        thread = self._thread
        if thread is None or self._number != number:
            return
        if self._shielded:
            self._deferred = True
        else:
            thread.throw(RequestTimeout)


def green_threads() -> Optional[GreenThreads]:
    """Returns the green threads of the library that has patched sockets or threads in this process; None if none has."""
    monkey: Any = sys.modules.get("gevent.monkey")
    if monkey is not None and (monkey.is_module_patched("socket") or monkey.is_module_patched("threading")):
        return Gevent()
    patcher: Any = sys.modules.get("eventlet.patcher")
    if patcher is not None and (patcher.is_monkey_patched("socket") or patcher.is_monkey_patched("thread")):
        return Eventlet()
    return None
