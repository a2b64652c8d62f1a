"""Sends the records of `logging` to Node as data: the option `logging: "structured"`. Knows logging; knows no WSGI."""

import json
import logging
import sys
from typing import Any, Iterator, List, Tuple

from . import fastcgi
from .control import Control
from .current import current_request
from .report import message_text, traceback_text

#: Limits in bytes. All pairs together must fit into one record; `traceback_text` has a limit of its own, 30,000.
_NAME, _MESSAGE, _EXCEPTION, _STACK, _EXTRA = 400, 16_000, 2_000, 4_000, 8_000
#: Set on a record that was sent: it may pass several handlers on its way to the root logger.
_SENT = "_wsgi_bridge_sent"
#: The attributes of every record. The others are the application's, from `extra`.
_STANDARD = {*vars(logging.LogRecord("", 0, "", 0, "", (), None)), "message", "asctime", "taskName", _SENT}


def install(control: Control) -> None:
    """
    Replaces each handler that writes to stdout or stderr by one that sends, with the same level and filters, and adds one to
    the root logger if it has none. Called when the application is loaded: before, `logging.basicConfig()` would do nothing.
    """
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    for logger in loggers:
        for handler in list(getattr(logger, "handlers", ())):  # a PlaceHolder has none
            if _writes_to_console(handler):
                sender = RecordSender(control, handler.level)
                sender.filters = list(handler.filters)
                logger.removeHandler(handler)  # type: ignore[union-attr]
                logger.addHandler(sender)  # type: ignore[union-attr]
    if not any(isinstance(handler, RecordSender) for handler in logging.root.handlers):
        logging.root.addHandler(RecordSender(control))


def _writes_to_console(handler: logging.Handler) -> bool:
    consoles = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    return isinstance(handler, logging.StreamHandler) and any(handler.stream is console for console in consoles)


class RecordSender(logging.Handler):
    """Sends each record on the control lane. In a forked child, writes it to stderr as a line."""

    def __init__(self, control: Control, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._control = control
        self.setFormatter(logging.Formatter(logging.BASIC_FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        if hasattr(record, _SENT):
            return
        setattr(record, _SENT, True)
        try:
            content = fastcgi.pairs(_pairs(record))
            if not self._send(content):
                sys.stderr.write(self.format(record) + "\n")
        except Exception:
            self.handleError(record)

    def _send(self, content: bytes) -> bool:
        request = current_request.get()
        shielded = request is not None and request.interruptible.shield()
        try:
            return self._control.log(content)
        finally:
            if shielded and request is not None:
                request.interruptible.unshield()


def _pairs(record: logging.LogRecord) -> Iterator[Tuple[str, str]]:
    """Yields the pairs that src/python/log-record.ts reads."""
    yield "levelno", str(record.levelno)
    yield "levelname", _clip(record.levelname, _NAME)
    yield "logger", _clip(record.name, _NAME)
    yield "message", _clip(record.getMessage(), _MESSAGE)
    yield "created", str(record.created)
    yield "process", str(record.process or 0)
    request = current_request.get()
    if request is not None:
        yield "request", _clip(request.id, _NAME)
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        yield "type", _clip(type(error).__name__, _NAME)
        yield "exception", _clip(message_text(error), _EXCEPTION)
        yield "traceback", traceback_text(error)
    if record.stack_info:
        yield "stack", _clip(record.stack_info, _STACK)
    extra = _extra(record)
    if extra:
        yield "extra", "{%s}" % ",".join(extra)


def _extra(record: logging.LogRecord) -> List[str]:
    """Returns the fields of `extra` as members of a JSON object. Leaves out those that do not fit."""
    members = []
    size = 0
    for name, value in vars(record).items():
        if name not in _STANDARD:
            member = "%s:%s" % (json.dumps(str(name)), _json(value))
            if size + len(member) < _EXTRA:
                size += len(member) + 1
                members.append(member)
    return members


def _json(value: Any) -> str:
    """Returns the value as JSON; its repr() if JSON cannot express it; its type if that raises, so that no record is lost."""
    try:
        return json.dumps(value, allow_nan=False)
    except Exception:  # the application's objects may have any methods
        return json.dumps(_clip(_repr(value), _NAME))


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception:
        return "<%s without repr()>" % type(value).__name__


def _clip(text: str, limit: int) -> str:
    data = text.encode("utf-8", "backslashreplace")
    return data.decode() if len(data) <= limit else data[:limit].decode("utf-8", "ignore") + "[...]"
