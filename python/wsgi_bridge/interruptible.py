"""Interrupts a thread in its current request, never in a later one. Knows threads; knows no lane and no WSGI."""

import sys
import threading
import traceback
from typing import Any

from .report import application_stack


class RequestTimeout(BaseException):
    """Raised in a thread whose request took too long. A BaseException, so that `except Exception` does not catch it."""


class Interruptible:
    """The state of one thread. Only that thread calls `begin`, `end`, `shield` and `unshield`; any thread calls `interrupt`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: The thread, as `_current` returns it, during a request; None between requests.
        self._thread: Any = None
        #: The number of the current request, counted from 1.
        self._number = 0
        #: True if an exception was scheduled in the thread.
        self._interrupted = False
        #: True while no exception may be raised in the thread. Only the thread itself sets it.
        self._shielded = False
        #: True if an interrupt came while the thread was shielded. `unshield` then raises the exception.
        self._deferred = False
        #: True while `interrupt` runs. It may have checked `_shielded` before the thread set it.
        self._interrupting = False

    def _current(self) -> Any:
        return threading.get_ident()

    def begin(self) -> None:
        """Starts a request. From here on the thread may be interrupted."""
        self._number += 1  # no lock is needed: `interrupt` does nothing until `_thread` is set
        self._thread = self._current()

    def end(self) -> None:
        """Ends the request. From here on the thread is not interrupted; a scheduled exception is cancelled. Idempotent."""
        with self._lock:
            if self._interrupted and self._thread is not None:
                _raise_in(self._thread, None)
            self._thread = None
            self._interrupted = False
            self._deferred = False
            self._shielded = False

    def shield(self) -> bool:
        """
        Defers interrupts until `unshield()`, for code that must not stop halfway. Returns False, and has no effect, in a thread
        that does not serve the request. Raises RequestTimeout if an interrupt has already happened.
        """
        if self._thread != self._current():
            return False
        try:
            self._shielded = True
            if self._interrupting:  # `interrupt` may not have seen the shield; wait, so that its exception is raised here
                with self._lock:
                    pass
        except BaseException:
            self._shielded = False
            raise
        return True

    def unshield(self) -> None:
        """Raises RequestTimeout if an interrupt was deferred."""
        self._shielded = False
        if self._deferred:
            self._deferred = False
            raise RequestTimeout

    def interrupt(self, number: int) -> str:
        """
        Raises RequestTimeout in the thread, as soon as it runs Python code again. `number` is the request's number, counted
        from 1. Returns the thread's stack trace. Does nothing and returns "" if that request is not the current one.
        """
        with self._lock:
            thread = self._thread
            if thread is None or self._number != number:
                return ""
            stack = stack_text(sys._current_frames().get(thread))
            self._interrupting = True
            try:
                if not self._is_deferred():
                    self._interrupted = _raise_in(thread, RequestTimeout)
            finally:
                self._interrupting = False
            return stack

    def _is_deferred(self) -> bool:
        """Returns True if the thread will raise the exception itself, or has done so."""
        if not self._shielded:
            return False
        self._deferred = True
        if self._shielded or not self._deferred:
            return True
        self._deferred = False  # the thread has left the shield without seeing the flag
        return False


def stack_text(frame: Any) -> str:
    """Returns the stack of a thread from the application's first frame on. `frame` is the thread's newest one."""
    return "".join(traceback.StackSummary.extract(application_stack(traceback.walk_stack(frame))).format())


def _raise_in(thread: int, exception: Any) -> bool:
    """Schedules an exception in a thread; None cancels it. Returns False if the interpreter cannot do it."""
    try:
        import ctypes  # imported here, because few processes ever need it

        raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    except (ImportError, AttributeError):
        return False
    what = ctypes.py_object() if exception is None else ctypes.py_object(exception)
    return bool(raise_in(ctypes.c_ulong(thread), what))
