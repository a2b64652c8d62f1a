"""Checks the arguments of `start_response`. Mirrors `src/wsgi/response-head.ts`. No asserts: `python -O` keeps the checks."""

import re
from typing import Any, Dict, List, NamedTuple, Optional


class AppProtocolError(Exception):
    """The application broke PEP 3333."""


class Head(NamedTuple):
    """A response head that has passed all checks."""

    code: int
    #: The head in CGI form: a Status field, then the other fields, without the empty line.
    lines: str
    #: The length that the headers declare, in bytes. None without a Content-Length.
    content_length: Optional[int]


_STATUS = re.compile(r"[2-9][0-9][0-9] [\x20-\x7e\x80-\xff]*")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
BAD_VALUE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
#: The largest Content-Length: the largest integer that JavaScript represents exactly.
_MAX_LENGTH = 2**53 - 1
#: The most characters of a head. Node accepts 256 KiB; 64 bytes are left for a Content-Length and the empty line.
_HEAD_LIMIT = 256 * 1024 - 64

#: RFC 9110 section 7.6.1 and PEP 3333, "Other HTTP Features": these fields belong to the connection, so only the server
#: may set them.
HOP_BY_HOP = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer trailers"
    " transfer-encoding upgrade".split()
)

#: Caches, because an application sends the same values again and again: the code of each valid status, and for each valid
#: name whether it is Content-Length.
_statuses: Dict[str, int] = {}
_names: Dict[str, bool] = {}
_CACHE_SIZE = 512


def parse_head(status: Any, headers: Any, status_field: bool = False) -> Head:
    """
    Checks a status and a header list, and copies them. Raises an AppProtocolError that names the broken rule.
    `status_field` allows headers named Status.
    """
    code = _statuses.get(status) if type(status) is str else None
    if code is None:
        code = _check_status(status)
    if type(headers) is not list:
        raise AppProtocolError("start_response: the headers must be a list of tuples, got %s" % type(headers).__name__)
    lines: List[str] = ["Status: " + status]
    content_length: Optional[int] = None
    for item in headers:
        if type(item) is not tuple or len(item) != 2 or type(item[0]) is not str or type(item[1]) is not str:
            raise AppProtocolError(
                "start_response: each header must be a tuple (name, value), both str, got %s" % type(item).__name__
            )
        name, value = item
        is_length = _names.get(name)
        if is_length is None:
            is_length = _check_name(name, status_field)
        if not (value.isascii() and value.isprintable()):
            _check_value(name, value)
        if is_length:
            if content_length is not None:
                raise AppProtocolError("start_response: Content-Length is given twice")
            content_length = _length(value)
        lines.append(name + ": " + value)
    text = "\r\n".join(lines)
    if len(text) > _HEAD_LIMIT:
        raise AppProtocolError(
            "start_response: status and headers have %d bytes; the limit is %d bytes" % (len(text), _HEAD_LIMIT)
        )
    return Head(code, text, content_length)


def _check_status(status: Any) -> int:
    if type(status) is not str or _STATUS.fullmatch(status) is None:
        raise AppProtocolError(
            'start_response: the status must be "DDD reason" with DDD from 200 to 999, got %.80r' % (status,)
        )
    code = int(status[:3])
    if len(_statuses) < _CACHE_SIZE:
        _statuses[status] = code
    return code


def _check_name(name: str, status_field: bool) -> bool:
    if not _TOKEN.fullmatch(name):
        raise AppProtocolError("start_response: %.80r is not a valid header name (RFC 9110 section 5.6.2, token)" % name)
    lower = name.lower()
    if lower == "status":
        if not status_field:
            raise AppProtocolError("start_response: Status is not a header; pass the status as the first argument")
        return False
    if lower in HOP_BY_HOP:
        raise AppProtocolError(
            'start_response: %s is hop-by-hop, so only the server may set it (PEP 3333, "Other HTTP Features")' % name
        )
    is_length = lower == "content-length"
    if len(_names) < _CACHE_SIZE:
        _names[name] = is_length
    return is_length


def _length(value: str) -> int:
    length = int(value) if value.isascii() and value.isdigit() and len(value) <= 16 else -1
    if not 0 <= length <= _MAX_LENGTH:
        raise AppProtocolError("start_response: Content-Length must be decimal digits, got %.80r" % value)
    return length


def _check_value(name: str, value: str) -> None:
    bad = BAD_VALUE.search(value)
    if bad is not None:
        # Shows only the bad character: the value may be a session cookie, and messages go to logs.
        raise AppProtocolError(
            "start_response: the value of %s contains %a; header values must not contain control characters "
            "or characters above U+00FF" % (name, bad.group())
        )
