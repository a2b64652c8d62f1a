"""Exceptions as text for the other side. Knows which frames are ours, and how much fits into a record."""

import importlib
import os
import traceback
from typing import Any

_OURS = os.path.dirname(os.path.abspath(__file__))
#: Bytes: a traceback must fit into one record with what else is said.
_HEAD, _TAIL = 20_000, 30_000


def traceback_text(error: BaseException) -> str:
    """The traceback from the application's first frame on; a very long one without its middle."""
    text = "".join(traceback.format_exception(type(error), error, _without_ours(error.__traceback__)))
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= _HEAD + _TAIL:
        return data.decode()
    return data[:_HEAD].decode("utf-8", "ignore") + "\n[...]\n" + data[-_TAIL:].decode("utf-8", "ignore")


def _without_ours(tb: Any) -> Any:
    at = tb
    while at is not None and _is_machinery(at.tb_frame.f_code.co_filename):
        at = at.tb_next
    return at


def _is_machinery(filename: str) -> bool:
    return filename.startswith((_OURS, "<frozen importlib")) or filename == importlib.__file__
