"""What a process that the application forks off keeps of the worker: nothing. Knows signals and forks; knows no record."""

import os
import signal
import sys
import threading
from typing import Any, Callable, Dict, List, NoReturn, Optional, Set

from .report import traceback_text

Handler = Callable[[int, Any], Any]

#: The handlers that this package has installed, and those of others that they have replaced.
_ours: Set[Handler] = set()
_before: Dict[int, Any] = {}
#: Called in each forked child.
_forget: List[Callable[[], None]] = []
_masks = threading.local()


def handle(signum: signal.Signals, handler: Handler) -> None:
    """Installs a signal handler that no forked child keeps. For the main thread."""
    before = signal.signal(signum, handler)
    if before not in _ours:
        _before[signum] = before
    _ours.add(handler)


def is_ours(handler: Any) -> bool:
    """True for a handler that was installed here."""
    return handler in _ours


def in_child(forget: Callable[[], None]) -> None:
    """Has `forget` called in each process that is forked off from now on, before the application goes on there."""
    if not _forget:
        os.register_at_fork(before=_hold_signals, after_in_parent=_release_signals, after_in_child=_begin_child)
    _forget.append(forget)


def end_child(error: Optional[BaseException]) -> NoReturn:
    """Ends a forked child that has come back out of the application: the request, and all that is left, are its parent's."""
    code = 0
    if isinstance(error, SystemExit):
        code = _exit_code(error.code)
    elif error is not None:
        sys.stderr.write(traceback_text(error))
        code = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # None, or closed
            pass
    os._exit(code)


def _exit_code(code: Any) -> int:
    """As Python itself reads the argument of sys.exit()."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def _hold_signals() -> None:
    """A signal for the child must not be taken by a handler that it still has from the worker."""
    _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, _before)


def _release_signals() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


def _begin_child() -> None:
    for forget in _forget:
        forget()
    for signum, before in _before.items():
        if signal.getsignal(signum) in _ours:
            signal.signal(signum, before)
    _release_signals()
