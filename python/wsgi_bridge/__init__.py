"""The Python half of wsgi-bridge. Needs only the standard library. Imports a module when one of its names is first used.

`NodeApp` is an Express or Koa app as a WSGI callable. `Cascade` passes requests that one app does not answer to another app.
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

_MODULES = {"Cascade": "cascade", "NodeApp": "node_app"}
for _name in "NodeError NodeStartError NodeExitError NodeTimeoutError NodeClosedError NodeAppError".split():
    _MODULES[_name] = "node_errors"
_MODULES["RequestBodyError"] = _MODULES["RequestEnvironError"] = "node_errors"
__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    """Imports a name's module on first use (PEP 562), so that the worker, which needs none of them, starts faster."""
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError("module %r has no attribute %r" % (__name__, name))
    import importlib

    return getattr(importlib.import_module("." + module, __name__), name)
