"""Exceptions as text for the other side. Knows which frames are ours, and how much fits into a record."""

import importlib
import os
import threading
import traceback
from typing import Any, Iterable, Iterator, List, Tuple

_OURS = os.path.dirname(os.path.abspath(__file__))
#: Bytes: a traceback must fit into one record with what else is said.
_HEAD, _TAIL = 10_000, 20_000


def traceback_text(error: BaseException) -> str:
    """The traceback from the application's first frame on; a very long one without its middle."""
    text = "".join(traceback.format_exception(type(error), error, _without_ours(error.__traceback__)))
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= _HEAD + _TAIL:
        return data.decode()
    return data[:_HEAD].decode("utf-8", "ignore") + "\n[...]\n" + data[-_TAIL:].decode("utf-8", "ignore")


#: Frames that travel: of very many the first and the last, so that a report fits into one record.
_FIRST_FRAMES, _LAST_FRAMES = 10, 40
#: Bytes of all frames, and characters of what an exception says and of a frame's parts.
_FRAMES_SIZE, _TEXT, _PART = 20_000, 2_000, 400


def exception_pairs(error: BaseException) -> Iterator[Tuple[str, str]]:
    """All that the other side makes an error of: see PythonError there."""
    yield "type", type(error).__name__[:_PART]
    yield "message", _clip(_said(error))
    frames: List[traceback.FrameSummary] = traceback.extract_tb(_without_ours(error.__traceback__))
    if len(frames) > _FIRST_FRAMES + _LAST_FRAMES:
        frames = frames[:_FIRST_FRAMES] + frames[-_LAST_FRAMES:]
    size = 0
    for number, frame in enumerate(frames):
        fields = (frame.filename, str(frame.lineno or 0), frame.name, frame.line or "")
        text = "\0".join(field.replace("\0", "")[:_PART] for field in fields)
        size += len(text.encode("utf-8", "backslashreplace"))
        if size > _FRAMES_SIZE:
            break
        yield "frame%d" % number, text
    yield "traceback", traceback_text(error)


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception of the application may be unable to say what it is
        return ""


def _clip(text: str) -> str:
    return text if len(text) <= _TEXT else text[:_TEXT] + "[...]"


def _without_ours(tb: Any) -> Any:
    at = tb
    while at is not None and _is_machinery(at.tb_frame.f_code.co_filename):
        at = at.tb_next
    return at


def without_ours(frames: Iterable[Tuple[Any, int]]) -> List[Tuple[Any, int]]:
    """A stack from the oldest of the application's frames to the newest one, as `traceback.walk_stack` gives frames."""
    stack = [(frame, line) for frame, line in frames if not _is_thread(frame.f_code.co_filename)]
    stack.reverse()
    return stack


def _is_thread(filename: str) -> bool:
    return filename.startswith(_OURS) or filename == threading.__file__


def _is_machinery(filename: str) -> bool:
    return filename.startswith((_OURS, "<frozen importlib")) or filename == importlib.__file__
