"""Loads the application from a target such as "module:attribute", and reports failures as data. Knows no lane."""

import importlib
import os
import sys
from typing import Any, Callable, Dict, List, Tuple

from . import callables, own_server
from .pastedeploy import configuration, find_pastedeploy, load_configured
from .report import traceback_text
from .target import import_place, is_file, literal_arguments, split
from .variables import mentioned_variables

#: The usual names of the application, for a target that is only a module.
_DEFAULT_NAMES = ("application", "app")
#: The settings of every Django project have at least one of these.
_DJANGO_SETTINGS = ("ROOT_URLCONF", "INSTALLED_APPS")
_MISSING = object()


class LoadError(Exception):
    """The application cannot be loaded. `report` has the name-value pairs for Node."""

    def __init__(self, failure: str, **details: str) -> None:
        super().__init__(failure)
        self.report: Tuple[Tuple[str, str], ...] = (("failure", failure), *details.items())
        #: True if the process must end at once: threads of the application's own server would keep it alive.
        self.serves = failure == "server"


def load(target: str, fail: Callable[[LoadError], Any]) -> Callable[..., Any]:
    """
    Imports the target's module or file, and returns the application in it. Node has checked the syntax. Raises LoadError. Calls
    `fail`, which must end the process, if the application runs a server and so would never return.

    place               its `application`, else its `app`; for a Django settings module, the project's application
    place:name.nested   an attribute
    place:factory(...)  the return value of a factory; its arguments are literals
    path.ini#name       an application of a configuration of PasteDeploy

    A place is a module name or the path of a file.
    """
    with own_server.Watch(lambda call: fail(LoadError("server", **call))) as watch:
        app = _load(target)
    if watch.call is not None:  # the application has caught the exception
        raise LoadError("server", **watch.call)
    return app


def _load(target: str) -> Callable[..., Any]:
    if configuration(target) is not None:
        return _callable(_configured(target), target)
    place, attribute, call = split(target)
    args, kwargs = _arguments(target, call)
    module = _run("import", _shown(place), lambda: import_place(place))
    if attribute == "":
        return _default_app(module, place)
    found = _attribute(module, place, attribute)
    if call == "":
        return _app(found, place, attribute)
    factory = _callable(found, target[: -len(call)])
    return _app(_run("raised", target, lambda: factory(*args, **kwargs)), place, attribute + call)


def _configured(target: str) -> Any:
    try:
        loadapp = find_pastedeploy()
    except ImportError as error:
        raise LoadError("paste", name=target, python=sys.executable, traceback=traceback_text(error)) from None
    return _run("import", 'the configuration "%s"' % target, lambda: load_configured(loadapp, target))


def _arguments(target: str, call: str) -> Tuple[List[Any], Dict[str, Any]]:
    try:
        return literal_arguments(call or "()")
    except ValueError:
        raise LoadError("arguments", name=target) from None


def _shown(place: str) -> str:
    return '%s "%s"' % ("the file" if is_file(place) else "the module", place)


def _run(failure: str, name: str, code: Callable[[], Any]) -> Any:
    """Runs code of the application. Raises LoadError for any exception."""
    try:
        return code()
    except BaseException as error:  # SystemExit too: the process must not end without a report
        server = own_server.failed_call(error)
        if server is not None:  # OwnServer, or such as a port that is already in use
            raise LoadError("server", **server) from None
        details = {"traceback": traceback_text(error), "python": sys.executable, **mentioned_variables(error)}
        raise LoadError(failure, name=name, **details) from None


def _default_app(module: Any, place: str) -> Callable[..., Any]:
    for name in _DEFAULT_NAMES:
        app = _member(module, name, place)
        if app is not _MISSING:
            return _app(app, place, name, shown=place)
    if any(_member(module, name, place) is not _MISSING for name in _DJANGO_SETTINGS):
        return _run("raised", "django.core.wsgi.get_wsgi_application()", lambda: _django_app(module.__name__))  # type: ignore[no-any-return]
    raise LoadError("attribute", place=_shown(place), name="", callables=", ".join(_candidates(module)))


def _django_app(settings: str) -> Any:
    """Returns the project's application. Django imports the settings by name; they are in sys.modules, so they run only once."""
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    return importlib.import_module("django.core.wsgi").get_wsgi_application()


def _attribute(module: Any, place: str, attribute: str) -> Any:
    holder, path = module, ""
    for name in attribute.split("."):
        found = _member(holder, name, "%s:%s%s" % (place, path, name))
        if found is _MISSING:
            candidates = ", ".join(path + other for other in _candidates(holder))
            raise LoadError("attribute", place=_shown(place), name=path + name, callables=candidates)
        holder, path = found, "%s%s." % (path, name)
    return holder


def _member(holder: Any, name: str, shown: str) -> Any:
    """Returns an attribute or _MISSING. A module's __getattr__, or a property, may run code of the application."""
    return _run("raised", shown, lambda: getattr(holder, name, _MISSING))


def _app(found: Any, place: str, attribute: str, shown: str = "") -> Callable[..., Any]:
    """Returns the application if it may be one. `shown` is the target, if it does not name the attribute."""
    name = "%s:%s" % (place, attribute)
    app = _callable(found, shown or name)
    kind = callables.objection(app)
    if kind:
        of = type(app)
        raise LoadError(kind, name=name, place=place, attribute=attribute, type=of.__name__, module=of.__module__)
    return app


def _callable(found: Any, name: str) -> Callable[..., Any]:
    if not callable(found):
        raise LoadError("callable", name=name, type=type(found).__name__)
    return found  # type: ignore[no-any-return]


def _candidates(holder: Any) -> List[str]:
    """Returns names that the user may have meant."""
    members = getattr(holder, "__dict__", {})
    return [name for name, value in members.items() if _is_candidate(value)][:10]


def _is_candidate(value: Any) -> bool:
    """
    Returns True for callables except classes, and for static and class methods. In a class's __dict__ these are wrapper objects,
    which are not callable (static ones are, since Python 3.10).
    """
    return isinstance(value, (staticmethod, classmethod)) or (callable(value) and not isinstance(value, type))
