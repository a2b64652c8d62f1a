"""Tells what cannot be a WSGI application: ASGI applications, factories. Reads code objects; calls nothing of the application."""

from functools import partial
from types import FunctionType, MethodType
from typing import Any, FrozenSet, NamedTuple, Optional, Tuple

#: Flags of a code object, see the module `inspect`, which is slow to import.
_VARARGS = 0x04
_ASYNC = 0x80 | 0x200
_MISSING = object()


def objection(found: Any) -> str:
    """
    Returns why a callable is not a WSGI application; "" if it is one, or may be one. Only Python code tells, so a callable that
    is written in C, a proxy, or a class with a metaclass of its own is never refused.

        async def app(scope, receive, send)                     "asgi", also an instance whose `__call__` is like this
        class App: __init__(self, scope), async __call__(…)     "asgi2", the form of ASGI before 3.0
        any other async function                                "async"
        def create_app()                                        "factory"
        def create_app(config), def app(a, b, c)                "arity"
    """
    call = _resolve(found, 2)
    if call is not None and call.function.__code__.co_flags & _ASYNC:
        return "asgi" if accepts(found, 3) else "async"
    if call is None or accepts(found, 2):
        return ""
    if _parameters(call)[:3] == ("scope", "receive", "send"):
        return "asgi"  # such as middleware that returns what an ASGI application returns
    if isinstance(found, type) and accepts(found, 1) and _is_async(_lookup(found, "__call__")):
        return "asgi2"
    return "factory" if accepts(found, 0) else "arity"


def accepts(found: Any, count: int) -> bool:
    """Returns False if a call with this number of positional arguments certainly fails."""
    call = _resolve(found, count)
    if call is None:
        return True
    code = call.function.__code__
    if call.given > code.co_argcount and not code.co_flags & _VARARGS:
        return False
    optional = len(call.function.__defaults__ or ())
    last = code.co_argcount + code.co_kwonlyargcount
    required = set(code.co_varnames[call.given : code.co_argcount - optional])
    required.update(set(code.co_varnames[code.co_argcount : last]) - set(call.function.__kwdefaults__ or ()))
    return required <= call.named


class _Call(NamedTuple):
    """A call of a Python function: its positional arguments, with `self`, and the names of its keyword arguments."""

    function: Any
    given: int
    named: FrozenSet[str]


def _resolve(found: Any, given: int, named: FrozenSet[str] = frozenset()) -> Optional[_Call]:
    """Returns the Python function that runs when `found` is called; None if that cannot be told."""
    kind = type(found)
    if kind is FunctionType:
        return _Call(found, given, named)
    if kind is MethodType:
        return _resolve(found.__func__, given + 1, named)
    if kind is partial:
        return _resolve(found.func, given + len(found.args), named.union(found.keywords))
    call = _lookup(kind, "__call__")
    if call is type.__call__:
        call = _constructor(found)
    return _Call(call, given + 1, named) if type(call) is FunctionType else None


def _constructor(found: type) -> Any:
    """Returns the `__init__` of a class; another object if the class has a `__new__` of its own, which decides as well."""
    if _lookup(found, "__new__") is not object.__dict__["__new__"]:
        return _MISSING
    init = _lookup(found, "__init__")
    return _no_arguments if init is object.__init__ else init


def _no_arguments(self: Any) -> None:
    """Stands for `object.__init__`."""


def _lookup(kind: type, name: str) -> Any:
    """Looks a special method up as Python does, without the class's own ideas of an attribute."""
    return next((base.__dict__[name] for base in kind.__mro__ if name in base.__dict__), _MISSING)


def _is_async(method: Any) -> bool:
    return type(method) is FunctionType and bool(method.__code__.co_flags & _ASYNC)


def _parameters(call: _Call) -> Tuple[str, ...]:
    """Returns the names of the parameters from the first of the two arguments on."""
    code = call.function.__code__
    names: Tuple[str, ...] = code.co_varnames[call.given - 2 : code.co_argcount]
    return names
