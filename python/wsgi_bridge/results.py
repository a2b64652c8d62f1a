"""Explains results of the application that are not a body. Knows no response and no lane."""

from typing import Any

from .callables import accepts
from .head import AppProtocolError


def require_blocks(result: Any, app: Any) -> Any:
    """Returns the application's result. Raises AppProtocolError, with what to write instead, if it cannot be iterated."""
    kind = type(result)
    if hasattr(kind, "__iter__") or hasattr(kind, "__getitem__"):
        return result
    if hasattr(kind, "__await__"):
        raise AppProtocolError(
            "the application returned a %s, so it is asynchronous, and WSGI has no async functions; if it is an ASGI app, wrap "
            "it in a2wsgi.ASGIMiddleware" % kind.__name__
        )
    if callable(result):
        raise AppProtocolError(_factory(kind.__name__, getattr(app, "__name__", "the application"), accepts(app, 0)))
    raise AppProtocolError("the application returned %s; return a list of bytes: [body]" % _named(result))


def _factory(kind: str, name: str, bare: bool) -> str:
    what = "%s returned an object of type %s, which can be called, instead of a body; if it is a factory, " % (name, kind)
    if bare:
        return what + 'add parentheses to the target: "module:%s()"' % name
    return what + "call it in the module and name the variable that has its result"


def _named(result: Any) -> str:
    return "None" if result is None else "an object of type %s" % type(result).__name__
