"""Repairs response heads that PEP 3333 forbids and gunicorn sends, and logs each kind once. Knows no lane."""

import sys
from http import HTTPStatus
from typing import Any, Dict, List, Set, Tuple

from .head import BAD_VALUE, HOP_BY_HOP, Head, parse_head
from .report import calling_line

#: The kinds that this process has logged. `dict.setdefault` is atomic, so that of two threads only one logs a kind.
_logged: Dict[str, object] = {}


def log_once(kind: str, what: str, remedy: str, request: str, called: bool = True) -> None:
    """
    Writes a warning to the process's stderr, unless the process has written one of this kind already. If the application has
    `called` this package, the warning begins with the line of the call.
    """
    mine = object()
    if _logged.setdefault(kind, mine) is not mine:
        return
    parts = (calling_line() + ": " if called else "", what, remedy, ascii(request)[1:-1])
    try:
        sys.__stderr__.write("%s%s; %s (%s; logged once per process)\n" % parts)  # type: ignore[union-attr]
    except (AttributeError, OSError, ValueError):
        pass  # the application has closed it


def repaired_head(status: Any, headers: Any, request: str) -> Head:
    """
    Like `parse_head`, for a head that it has refused: repairs what gunicorn would send. Control characters, invalid names and
    contradicting lengths can split a response, so they are never repaired. `request` is for the log.
    """
    repairs = _Repairs()
    head = parse_head(repairs.status(status), repairs.headers(headers), status_field=True)
    for kind, (what, remedy) in repairs.made.items():
        log_once(kind, "start_response got " + what, remedy, request)
    return head


class _Repairs:
    """The repairs of one head. A part that cannot be repaired is returned as it is: `parse_head` then names the broken rule."""

    def __init__(self) -> None:
        #: By kind: what the application passed, and what was done and should be written instead.
        self.made: Dict[str, Tuple[str, str]] = {}

    def status(self, status: Any) -> Any:
        if not isinstance(status, str):
            return status
        text = self._plain(status, "the status")
        if "\t" in text[4:]:
            text = text[:4] + text[4:].replace("\t", " ")
            self._note("tab", "a status with a tab", "it was sent as a space; pass a space")
        if len(text) == 3 and text.isascii() and text.isdigit():
            known = [status.phrase for status in HTTPStatus if status == int(text)]
            remedy = 'it was sent as it is; pass "%s %s"' % (text, known[0] if known else "Reason")
            self._note("reason", 'the status "%s" without a reason' % text, remedy)
            text += " "
        return text

    def headers(self, headers: Any) -> Any:
        if isinstance(headers, (str, bytes, dict)) and headers:
            return headers
        if type(headers) is not list:
            what = "headers of type %s" % type(headers).__name__
            try:
                headers = iter(headers)
            except TypeError:
                return headers
            self._note("list", what, "they were sent; pass a list of tuples: [(name, value)]")
        return self._fields([self._pair(item) for item in headers])

    def _pair(self, item: Any) -> Any:
        if isinstance(item, (str, bytes)):
            return item
        try:
            name, value = item
        except (TypeError, ValueError):
            return item
        if type(item) is not tuple:
            self._note("pair", "a header of type %s" % type(item).__name__, "it was sent; pass a tuple: (name, value)")
        if not isinstance(name, str) or not isinstance(value, str):
            return name, value
        return self._plain(name, "the name of a header"), self._plain(value, "the value of a header")

    def _fields(self, pairs: List[Any]) -> List[Any]:
        kept: List[Any] = []
        dropped: List[str] = []
        lengths: Set[str] = set()
        for pair in pairs:
            if type(pair) is not tuple or type(pair[0]) is not str or type(pair[1]) is not str:
                kept.append(pair)
                continue
            name, value = pair
            lower = name.lower()
            if name.isascii() and lower in HOP_BY_HOP and BAD_VALUE.search(value) is None:
                dropped.append(name)
            elif lower == "content-length":
                length = value.strip(" \t")
                if length != value:
                    self._note("blanks", "a Content-Length with blanks around it", "they were removed; pass only digits")
                if length in lengths:
                    self._note("length", "the same Content-Length twice", "it was sent once; pass it once")
                    continue
                lengths.add(length)
                kept.append((name, length))
            else:
                if lower == "status":
                    self._note("status", "a header named Status", "it was sent; only the first argument sets the status")
                kept.append(pair)
        if len(dropped) == 1:
            remedy = "it was dropped, because only the server may set it; remove it"
            self._note("hop-by-hop", "the hop-by-hop header %s" % dropped[0], remedy)
        elif dropped:
            remedy = "they were dropped, because only the server may set them; remove them"
            self._note("hop-by-hop", "the hop-by-hop headers %s" % ", ".join(dropped), remedy)
        return kept

    def _plain(self, text: str, what: str) -> str:
        """Returns the characters of an instance of a subclass of str, whatever its own methods return."""
        if type(text) is str:
            return text
        self._note("text", "%s as %s, a subclass of str" % (what, type(text).__name__), "its text was sent; pass a plain str")
        return str.__str__(text)

    def _note(self, kind: str, what: str, remedy: str) -> None:
        self.made.setdefault(kind, (what, remedy))
