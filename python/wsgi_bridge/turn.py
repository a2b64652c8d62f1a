"""Lets one thread stop another in the request that it serves, and in no later one. Knows threads; knows no lane and no WSGI."""

import sys
import threading
import traceback
from typing import Any, Optional

from .report import without_ours


class RequestTimeout(BaseException):
    """Raised in a thread whose request took too long. No Exception: what an application does against errors must not keep it."""


class Turn:
    """A thread's turn at one request: `begin` and `end` in that thread, the others in any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: Optional[int] = None
        self._number = 0
        self._struck = False

    def begin(self) -> None:
        """From here on the thread may be struck."""
        self._number += 1  # before the thread, without which nobody strikes: in this order it needs no lock
        self._thread = threading.get_ident()

    def end(self) -> None:
        """From here on it may not, and a stroke that has not landed never will. May be called again."""
        with self._lock:
            if self._struck and self._thread is not None:
                _raise_in(self._thread, None)
            self._thread = None
            self._struck = False

    def strike(self, number: int) -> str:
        """
        Raises RequestTimeout in the thread as soon as it runs Python code again, if it is at that request, counted from 1.
        Returns where it is; empty if it is at another, or at none.
        """
        with self._lock:
            thread = self._thread
            if thread is None or self._number != number:
                return ""
            stack = _stack(thread)
            self._struck = _raise_in(thread, RequestTimeout)
            return stack


def _stack(thread: int) -> str:
    frame = sys._current_frames().get(thread)
    return "".join(traceback.StackSummary.extract(without_ours(traceback.walk_stack(frame))).format())


def _raise_in(thread: int, exception: Any) -> bool:
    """None takes back what has not landed. False where the interpreter cannot do it."""
    try:
        import ctypes  # here, since few processes ever need it

        raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    except (ImportError, AttributeError):
        return False
    what = ctypes.py_object() if exception is None else ctypes.py_object(exception)
    return bool(raise_in(ctypes.c_ulong(thread), what))
