"""The Python half of wsgi-bridge, on the standard library alone. Knows names; imports nothing before it is asked for.

`NodeApp` is an Express or Koa app as a WSGI callable, `Cascade` a fallback from one app to another.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cascade import Cascade as Cascade
    from .node_app import NodeApp as NodeApp
    from .node_errors import (
        NodeAppError as NodeAppError,
    )
    from .node_errors import (
        NodeClosedError as NodeClosedError,
    )
    from .node_errors import (
        NodeError as NodeError,
    )
    from .node_errors import (
        NodeExitError as NodeExitError,
    )
    from .node_errors import (
        NodeStartError as NodeStartError,
    )
    from .node_errors import (
        NodeTimeoutError as NodeTimeoutError,
    )
    from .node_errors import (
        RequestBodyError as RequestBodyError,
    )
    from .node_errors import (
        RequestEnvironError as RequestEnvironError,
    )

_HOMES = {"Cascade": "cascade", "NodeApp": "node_app"}
for _name in "NodeError NodeStartError NodeExitError NodeTimeoutError NodeClosedError NodeAppError".split():
    _HOMES[_name] = "node_errors"
_HOMES["RequestBodyError"] = _HOMES["RequestEnvironError"] = "node_errors"
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """PEP 562: the worker, which has no use for these, does not pay for them."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError("module %r has no attribute %r" % (__name__, name))
    import importlib

    return getattr(importlib.import_module("." + home, __name__), name)
