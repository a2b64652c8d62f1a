"""Threads, locks and sockets for the lanes: those of the operating system. `green.py` has those of gevent and eventlet."""

import socket
import threading
import time
from typing import Any, Callable, Sequence

from .interruptible import Interruptible

#: The original class, which an application may replace in its module.
_Socket = socket.socket
#: Receives at most so many bytes without waiting. Raises BlockingIOError if there are none.
ReceiveNow = Callable[[int], bytes]


class Threads:
    """Threads of the operating system."""

    #: The most threads in a process. Each needs a stack, and they share the GIL.
    limit = 256
    #: The library that the threads belong to; "" for the operating system.
    library = ""

    def lock(self) -> Any:
        """Returns an unlocked lock."""
        return threading.Lock()

    def socket(self, descriptor: int) -> Any:
        """Returns a socket. A thread that waits for it does not hold up other threads."""
        sock = _Socket(fileno=descriptor)
        sock.setblocking(True)  # the application may have called socket.setdefaulttimeout()
        return sock

    def receive_now(self, sock: Any) -> ReceiveNow:
        """Returns a function that receives from the socket without waiting."""
        return lambda count: sock.recv(count, socket.MSG_DONTWAIT)

    def interruptible(self) -> Interruptible:
        """Returns the interrupt state of a thread that is going to be started."""
        return Interruptible()

    def start(self, name: str, function: Callable[[], None]) -> Any:
        """Starts a thread, which does not keep the process alive."""
        thread = threading.Thread(target=function, name=name, daemon=True)
        thread.start()
        return thread

    def join(self, threads: Sequence[Any], seconds: float) -> None:
        """Waits until all of these threads have ended, at most for this time."""
        deadline = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
