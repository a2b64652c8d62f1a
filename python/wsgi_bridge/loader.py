"""From "module:attribute" to a callable. Knows what can go wrong on the way, and says it as data."""

import importlib
import sys
from typing import Any, Callable, Tuple

from .report import traceback_text


class LoadError(Exception):
    """The application cannot be loaded; `report` are name-value pairs for the other side."""

    def __init__(self, failure: str, **details: str) -> None:
        super().__init__(failure)
        self.report: Tuple[Tuple[str, str], ...] = (("failure", failure), *details.items())



def load(target: str) -> Callable[..., Any]:
    """Imports the module and looks the attribute up. Raises LoadError."""
    module_name, _, attribute = target.partition(":")
    try:
        module = importlib.import_module(module_name)
    except BaseException as error:  # SystemExit too: a module must not end the process without a word
        raise LoadError("import", traceback=traceback_text(error), python=sys.executable) from None
    try:
        app = getattr(module, attribute)
    except AttributeError:
        raise LoadError("attribute", callables=", ".join(_callables(module))) from None
    if not callable(app):
        raise LoadError("callable", type=type(app).__name__)
    return app  # type: ignore[no-any-return]


def _callables(module: Any) -> "list[str]":
    return [name for name, value in vars(module).items() if callable(value) and not isinstance(value, type)][:10]
