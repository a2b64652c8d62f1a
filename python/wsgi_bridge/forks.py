"""Forks: of the application, whose children lose handlers and lanes, and of workers. Knows signals and forks; knows no record."""

import os
import signal
import sys
import threading
from typing import Any, Callable, Dict, List, NoReturn, Optional, Set

from .report import traceback_text

Handler = Callable[[int, Any], Any]

#: The handlers that this package has installed.
_ours: Set[Handler] = set()
#: The handlers that ours have replaced, by signal number.
_replaced: Dict[int, Any] = {}
#: Functions to call in each forked child.
_callbacks: List[Callable[[], None]] = []
#: The signal mask before the fork, for each thread.
_masks = threading.local()
#: True if Python calls the functions below at each fork.
_registered = False
#: Called in the worker that is being forked; None while the application forks.
_adopt: Optional[Callable[[], None]] = None
#: The system's own, taken before the application is loaded. gevent replaces it by one that also reaps the child.
_fork = os.fork


def set_handler(signum: signal.Signals, handler: Handler) -> None:
    """Installs a signal handler that forked children do not keep. Must be called in the main thread."""
    previous = signal.signal(signum, handler)
    if previous not in _ours:
        _replaced[signum] = previous
    _ours.add(handler)


def is_ours(handler: Any) -> bool:
    """Returns True for a handler that `set_handler` has installed."""
    return handler in _ours


def call_in_child(callback: Callable[[], None]) -> None:
    """Registers a function to call in each process that is forked from now on, before the application continues there."""
    global _registered
    if not _registered:
        _registered = True
        os.register_at_fork(before=_before_fork, after_in_parent=_restore_mask, after_in_child=_after_fork)
    _callbacks.append(callback)


def fork_worker(adopt: Callable[[], None]) -> int:
    """
    Forks a process that serves like this one, so it keeps the signal handlers. `adopt` is called in it after the functions of
    `call_in_child`, and before those that the application has registered. Returns the process id; 0 in the new process.
    """
    global _adopt
    _adopt = adopt
    try:
        return _fork()
    finally:
        _adopt = None


def end_child(error: Optional[BaseException]) -> NoReturn:
    """Ends a forked child in which the application has returned or raised: only the parent may answer the request."""
    code = 0
    if isinstance(error, SystemExit):
        code = _exit_code(error.code)
    elif error is not None:
        sys.stderr.write(traceback_text(error))
        code = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # the stream is None or closed
            pass
    os._exit(code)


def _exit_code(code: Any) -> int:
    """Interprets the argument of sys.exit() as Python does."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _before_fork() -> None:
    # traceback imports it on first use. If another thread does so during the fork, the child waits for that thread forever.
    import ast  # noqa: F401

    # The child still has the worker's handlers, which would swallow its first signals.
    _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, _replaced)


def _restore_mask() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


def _after_fork() -> None:
    for callback in _callbacks:
        callback()
    if _adopt is not None:
        _callbacks.clear()
        _adopt()
    else:
        _remove_handlers()
    _restore_mask()


def _remove_handlers() -> None:
    for signum, previous in _replaced.items():
        if signal.getsignal(signum) in _ours:
            signal.signal(signum, previous)
