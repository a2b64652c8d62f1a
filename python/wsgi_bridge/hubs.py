"""Renews the event loops of gevent and eventlet in a forked worker. Knows how they are reached; imports neither."""

import sys
from typing import Any


def renew_hubs() -> None:
    """Gives the process loops of its own: a forked loop shares its epoll descriptor with that of the template."""
    gevent: Any = sys.modules.get("gevent")
    if gevent is not None:
        gevent.reinit()
    hubs: Any = sys.modules.get("eventlet.hubs")
    if hubs is not None:
        hubs.use_hub()
