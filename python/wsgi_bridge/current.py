"""Which request the running code belongs to. Knows ids and threads; knows no lane."""

from contextvars import ContextVar
from typing import NamedTuple, Optional

from .interruptible import Interruptible


class CurrentRequest(NamedTuple):
    """A request, for code that is called in the middle of it and has no environ, such as a logging handler."""

    #: The id in the log.
    id: str
    #: The thread that serves the request.
    interruptible: Interruptible


#: Threads and greenlets have a value of their own. It stays when a request has ended, until the thread gets the next one.
current_request: "ContextVar[Optional[CurrentRequest]]" = ContextVar("current_request", default=None)
