"""Reads a target such as "shop:create_app('prod')", and imports the module or the file in it. Node has checked the syntax."""

import ast
import importlib
import importlib.machinery
import importlib.util
import os
import re
import sys
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

_NAME = r"[^\W\d]\w*"
_DOTTED = r"{0}(?:\.{0})*".format(_NAME)
#: A module's name. Unlike an attribute's, it may have hyphens.
_MODULE = re.compile(r"[^\W\d][\w-]*(?:\.[^\W\d][\w-]*)*")
#: Mirrors src/python/target.ts.
_SPLIT = re.compile(r"(.*?)(?::({})(\(.*\))?)?".format(_DOTTED), re.DOTALL)


class Target(NamedTuple):
    """The parts of a target."""

    #: A module, or the path of a file.
    place: str
    #: Empty if the target is only a place.
    attribute: str
    #: The parentheses of a factory with the arguments in them; empty if the attribute is not called.
    call: str


def split(target: str) -> Target:
    """Returns the parts of a target. Its place ends at the first colon that an attribute follows."""
    place, attribute, call = _SPLIT.fullmatch(target).groups("")  # type: ignore[union-attr]
    return Target(place, attribute, call)


def literal_arguments(call: str) -> Tuple[List[Any], Dict[str, Any]]:
    """Returns the arguments in the parentheses of a call. Raises ValueError for anything but literals."""
    try:
        expression = ast.parse("factory" + call, mode="eval").body
        if not isinstance(expression, ast.Call):
            raise ValueError("not a call")
        return (
            [ast.literal_eval(argument) for argument in expression.args],
            {_name(keyword.arg): ast.literal_eval(keyword.value) for keyword in expression.keywords},
        )
    except (SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError(str(error)) from None


def _name(argument: Optional[str]) -> str:
    if argument is None:
        raise ValueError("** is not allowed")
    return argument


def is_file(place: str) -> bool:
    """Returns True for a path. "shop.wsgi" is a module if there is one, else the file of this name, if there is one."""
    if place.endswith(".py") or _MODULE.fullmatch(place) is None:
        return True
    return os.path.isfile(place) and not _is_module(place)


def _is_module(name: str) -> bool:
    """Looks for a module without importing the packages that hold it."""
    path: Any = None
    parts = name.split(".")
    for number in range(len(parts)):
        spec = importlib.machinery.PathFinder.find_spec(".".join(parts[: number + 1]), path)
        if spec is None:
            return False
        path = spec.submodule_search_locations or ()
    return True


def import_place(place: str) -> Any:
    """Imports a module or a file, and returns it."""
    if not is_file(place):
        return importlib.import_module(place)
    path = os.path.abspath(place)
    folder, file = os.path.split(path)
    stem, extension = os.path.splitext(file)
    # "shop.wsgi" often lies beside "shop.py" and imports it, so it must not take the name "shop".
    name = stem if extension == ".py" else "_file_" + re.sub(r"\W", "_", file)
    if sys.path[0] != folder:
        sys.path.insert(0, folder)
    spec: Any = importlib.util.spec_from_file_location(name, path, loader=None if extension == ".py" else _Loader(name, path))
    # Not import_module(name): a package or a module of the standard library may have the same name.
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a file with any extension. Caches no bytecode: "shop.wsgi" would share its cache with "shop.py"."""

    def path_stats(self, path: Any) -> Any:
        raise OSError("no bytecode")
