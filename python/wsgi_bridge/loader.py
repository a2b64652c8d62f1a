"""From a target such as "module:attribute" to a callable. Knows what can go wrong on the way, and says it as data."""

import importlib
import importlib.util
import os
import sys
from typing import Any, Callable, List, Tuple

from .report import traceback_text

#: What a module that is named alone calls its application.
_USUAL = ("application", "app")
#: One of these is in the settings of every Django project.
_DJANGO = ("ROOT_URLCONF", "INSTALLED_APPS")
_MISSING = object()


class LoadError(Exception):
    """The application cannot be loaded; `report` are name-value pairs for the other side."""

    def __init__(self, failure: str, **details: str) -> None:
        super().__init__(failure)
        self.report: Tuple[Tuple[str, str], ...] = (("failure", failure), *details.items())


def load(target: str) -> Callable[..., Any]:
    """Imports the place and looks the application up in it; Node has checked the target's shape. Raises LoadError.

    place               its `application`, else its `app`; of Django's settings the project's application
    place:name.nested   an attribute
    place:factory()     what it returns, called without arguments

    A place is a module, or a path that ends with .py.
    """
    place, attribute = _split(target)
    module = _run("import", place, lambda: _import(place))
    if attribute == "":
        return _callable(_usual(module, place), place)
    if not attribute.endswith("()"):
        return _callable(_attribute(module, place, attribute), target)
    factory = _callable(_attribute(module, place, attribute[:-2]), target[:-2])
    return _callable(_run("raised", target, factory), target)


def _split(target: str) -> Tuple[str, str]:
    if target.endswith(".py"):
        return target, ""
    place, colon, attribute = target.rpartition(":")  # the path of a file may have a colon
    return (place, attribute) if colon else (target, "")


def _run(failure: str, name: str, code: Callable[[], Any]) -> Any:
    """Runs what is the application's, which may raise as it likes."""
    try:
        return code()
    except BaseException as error:  # SystemExit too: the process must not end without a word
        raise LoadError(failure, name=name, traceback=traceback_text(error), python=sys.executable) from None


def _import(place: str) -> Any:
    if not place.endswith(".py"):
        return importlib.import_module(place)
    path = os.path.abspath(place)
    folder, file = os.path.split(path)
    name = file[: -len(".py")]
    if sys.path[0] != folder:
        sys.path.insert(0, folder)
    spec: Any = importlib.util.spec_from_file_location(name, path)
    # Not by `import`: a package, or a module of Python's own, may have the same name.
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _usual(module: Any, place: str) -> Any:
    for name in _USUAL:
        app = _member(module, name, place)
        if app is not _MISSING:
            return app
    if any(_member(module, name, place) is not _MISSING for name in _DJANGO):
        return _run("raised", "django.core.wsgi.get_wsgi_application()", lambda: _django(module.__name__))
    raise LoadError("attribute", place=place, name="", callables=", ".join(_callables(module)))


def _django(settings: str) -> Any:
    """Django imports the settings by this name, under which they are imported already."""
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    return importlib.import_module("django.core.wsgi").get_wsgi_application()


def _attribute(module: Any, place: str, attribute: str) -> Any:
    holder, path = module, ""
    for name in attribute.split("."):
        found = _member(holder, name, "%s:%s%s" % (place, path, name))
        if found is _MISSING:
            near = ", ".join(path + other for other in _callables(holder))
            raise LoadError("attribute", place=place, name=path + name, callables=near)
        holder, path = found, "%s%s." % (path, name)
    return holder


def _member(holder: Any, name: str, shown: str) -> Any:
    """A module may have a __getattr__ of its own, and an object any property."""
    return _run("raised", shown, lambda: getattr(holder, name, _MISSING))


def _callable(found: Any, name: str) -> Callable[..., Any]:
    if not callable(found):
        raise LoadError("callable", name=name, type=type(found).__name__)
    return found  # type: ignore[no-any-return]


def _callables(holder: Any) -> List[str]:
    """Names that may have been meant."""
    members = getattr(holder, "__dict__", {})
    return [name for name, value in members.items() if _may_be_meant(value)][:10]


def _may_be_meant(value: Any) -> bool:
    """Methods of a class stand in it wrapped up, and are not callable as they stand (a static one is, since CPython 3.10)."""
    return isinstance(value, (staticmethod, classmethod)) or (callable(value) and not isinstance(value, type))
