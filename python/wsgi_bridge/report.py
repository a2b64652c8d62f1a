"""Describes exceptions and stacks as text for Node. Knows this package's own frames, and how much text fits into a record."""

import importlib
import os
import sys
import traceback
from typing import Any, Iterable, Iterator, List, Tuple

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
#: How many bytes of a long traceback are kept, from its start and from its end. All pairs must fit into one record.
_HEAD, _TAIL = 10_000, 20_000


def traceback_text(error: BaseException) -> str:
    """Returns the traceback from the application's first frame on. A very long one loses its middle."""
    text = "".join(traceback.format_exception(type(error), error, _application_traceback(error.__traceback__)))
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= _HEAD + _TAIL:
        return data.decode()
    return data[:_HEAD].decode("utf-8", "ignore") + "\n[...]\n" + data[-_TAIL:].decode("utf-8", "ignore")


#: If there are more frames, only the first and the last ones are sent, so that a report fits into one record.
_FIRST_FRAMES, _LAST_FRAMES = 10, 40
#: Limits: bytes of all frames, characters of an exception's message, characters of a frame's field.
_FRAMES_SIZE, _TEXT, _PART = 20_000, 2_000, 400


def exception_pairs(error: BaseException) -> Iterator[Tuple[str, str]]:
    """Yields the pairs from which Node builds its PythonError."""
    yield "type", type(error).__name__[:_PART]
    yield "message", _clip(message_text(error))
    frames: List[traceback.FrameSummary] = traceback.extract_tb(_application_traceback(error.__traceback__))
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


def message_text(error: BaseException) -> str:
    """Returns str(error); "" if that raises."""
    try:
        return str(error)
    except Exception:  # the __str__ of an application's exception may itself raise
        return ""


def _clip(text: str) -> str:
    return text if len(text) <= _TEXT else text[:_TEXT] + "[...]"


def _application_traceback(tb: Any) -> Any:
    """Returns the traceback without the frames of this package and of importlib at its start."""
    at = tb
    while at is not None and _is_import_frame(at.tb_frame.f_code.co_filename):
        at = at.tb_next
    return at


def application_stack(frames: Iterable[Tuple[Any, int]]) -> List[Tuple[Any, int]]:
    """Returns the application's frames, oldest first. `frames` come from `traceback.walk_stack`, newest first."""
    stack = list(frames)
    stack.reverse()
    ours = [frame.f_code.co_filename.startswith(_PACKAGE) for frame, _ in stack]
    first = ours.index(True) if True in ours else 0  # before it is the start of the thread
    return [item for item, is_ours in zip(stack[first:], ours[first:]) if not is_ours]


def calling_line() -> str:
    """Returns `file:line` of the application's frame that has called this package."""
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    try:
        folder = os.path.join(os.getcwd(), "")
    except OSError:  # the folder was deleted
        folder = ""
    filename = frame.f_code.co_filename
    return "%s:%d" % (filename[len(folder) :] if filename.startswith(folder) else filename, frame.f_lineno)


def application_frames(frames: Iterable[Tuple[Any, int]]) -> List[Tuple[Any, int]]:
    """Returns the frames without those of this package and of importlib."""
    return [(frame, line) for frame, line in frames if not _is_import_frame(frame.f_code.co_filename)]


def _is_import_frame(filename: str) -> bool:
    return filename.startswith((_PACKAGE, "<frozen importlib")) or filename == importlib.__file__
