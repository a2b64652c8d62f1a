"""Lets one thread stop another in the request that it serves, and in no later one. Knows threads; knows no lane and no WSGI."""

import sys
import threading
import traceback
from typing import Any, Optional

from .report import without_ours


class RequestTimeout(BaseException):
    """Raised in a thread whose request took too long. No Exception: what an application does against errors must not keep it."""


class Interruptible:
    """A thread's turn at one request: `begin`, `end` and the shield are for that thread, the others for any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: Optional[int] = None
        self._number = 0
        self._interrupted = False
        #: The thread is where no exception may land. Its own to set.
        self._shielded = False
        #: A stroke that came meanwhile: it lands when the thread comes out.
        self._deferred = False
        #: A stroke is on its way, and may not have seen the shield.
        self._interrupting = False

    def begin(self) -> None:
        """From here on the thread may be struck."""
        self._number += 1  # before the thread, without which nobody strikes: in this order it needs no lock
        self._thread = threading.get_ident()

    def end(self) -> None:
        """From here on it may not, and a stroke that has not landed never will. May be called again."""
        with self._lock:
            if self._interrupted and self._thread is not None:
                _raise_in(self._thread, None)
            self._thread = None
            self._interrupted = False
            self._deferred = False
            self._shielded = False

    def shield(self) -> bool:
        """
        From here on no stroke lands before `unshield()`: for code whose work must not be half done. False, and without effect, in
        a thread that does not have the turn. Raises RequestTimeout where a stroke has come already.
        """
        if self._thread != threading.get_ident():
            return False
        try:
            self._shielded = True
            if self._interrupting:  # it may not have seen the shield: what it has raised lands here
                with self._lock:
                    pass
        except BaseException:
            self._shielded = False
            raise
        return True

    def unshield(self) -> None:
        """Raises RequestTimeout if a stroke came meanwhile."""
        self._shielded = False
        if self._deferred:
            self._deferred = False
            raise RequestTimeout

    def interrupt(self, number: int) -> str:
        """
        Raises RequestTimeout in the thread as soon as it runs Python code again, if it is at that request, counted from 1.
        Returns where it is; empty if it is at another, or at none.
        """
        with self._lock:
            thread = self._thread
            if thread is None or self._number != number:
                return ""
            stack = _stack(thread)
            self._interrupting = True
            try:
                if not self._is_deferred():
                    self._interrupted = _raise_in(thread, RequestTimeout)
            finally:
                self._interrupting = False
            return stack

    def _is_deferred(self) -> bool:
        """True if the thread raises the exception itself."""
        if not self._shielded:
            return False
        self._deferred = True
        if self._shielded or not self._deferred:
            return True
        self._deferred = False  # it has come out meanwhile, and has not seen it
        return False


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
