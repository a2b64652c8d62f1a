"""Loads an application from a configuration of PasteDeploy, such as Pyramid's production.ini. Knows no other target."""

import configparser
import importlib
import logging.config
import os
import re
from typing import Any, Callable, Dict, Optional
from urllib.parse import quote

#: Mirrors src/python/target.ts.
_PASTE = re.compile(r"(?:config:)?([^#:]*[^#:/]\.ini)(?:#([^#]+))?")


def configuration(target: str) -> Optional[str]:
    """Returns the path of the target's configuration; None for any other target."""
    match = _PASTE.fullmatch(target)
    return match and match.group(1)


def find_pastedeploy() -> Callable[..., Any]:
    """Returns PasteDeploy's function. Raises ImportError if it is not installed."""
    loadapp: Callable[..., Any] = importlib.import_module("paste.deploy").loadapp
    return loadapp


def load_configured(loadapp: Callable[..., Any], target: str) -> Any:
    """Returns the application of the configuration, and sets up its logging, as gunicorn and pserve do."""
    match: Any = _PASTE.fullmatch(target)
    path, name = os.path.abspath(match.group(1)), match.group(2)
    _set_up_logging(path)
    return loadapp("config:" + quote(path), name=name)


def _set_up_logging(path: str) -> None:
    parser = configparser.RawConfigParser()
    parser.read([path])
    if parser.has_section("loggers"):
        defaults: Dict[str, str] = {"__file__": path, "here": os.path.dirname(path)}
        logging.config.fileConfig(path, defaults, disable_existing_loggers=False)
