"""What `start_response` may be given. Mirrors `src/wsgi/response-head.ts`; checks with real raises, so `python -O` keeps them."""

import re
from typing import Any, List, NamedTuple, Optional, Tuple


class AppProtocolError(Exception):
    """The application broke PEP 3333."""


class Head(NamedTuple):
    """A response head that has passed every check."""

    code: int
    #: As CGI sends it: a Status field, then the others, without the empty line.
    lines: str
    #: The length that the headers declare, in bytes.
    content_length: Optional[int]


_STATUS = re.compile(r"([2-9][0-9][0-9]) [\x20-\x7e\x80-\xff]*")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_VALUE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_DIGITS = re.compile(r"[0-9]+")
#: The largest length that both sides can count with.
_LARGEST = 2**53 - 1

#: RFC 9110 section 7.6.1 and PEP 3333, "Other HTTP Features": these belong to the connection, so to the server alone.
_HOP_BY_HOP = frozenset(
    "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer trailers"
    " transfer-encoding upgrade".split()
)

#: Names that have passed before: an application sends the same ones over and over.
_passed: "set[str]" = set()
_PASSED_SIZE = 512


def parse_head(status: Any, headers: Any) -> Head:
    """Checks a status and a header list, and copies them. Raises AppProtocolError that names the rule."""
    match = _STATUS.fullmatch(status) if type(status) is str else None
    if match is None:
        raise AppProtocolError(
            'start_response: the status must be "DDD reason" with DDD from 200 to 999, got %.80r' % (status,)
        )
    if type(headers) is not list:
        raise AppProtocolError("start_response: the headers must be a list of tuples, got %s" % type(headers).__name__)
    lines: List[str] = ["Status: " + status]
    content_length: Optional[int] = None
    for item in headers:
        name, value = _check_pair(item)
        if name.lower() == "content-length":
            if content_length is not None:
                raise AppProtocolError("start_response: Content-Length is given twice")
            if not _DIGITS.fullmatch(value) or len(value) > 16 or int(value) > _LARGEST:
                raise AppProtocolError("start_response: Content-Length must be decimal digits, got %.80r" % value)
            content_length = int(value)
        lines.append(name + ": " + value)
    return Head(int(match.group(1)), "\r\n".join(lines), content_length)


def _check_pair(item: Any) -> Tuple[str, str]:
    if type(item) is not tuple or len(item) != 2 or type(item[0]) is not str or type(item[1]) is not str:
        raise AppProtocolError(
            "start_response: each header must be a tuple (name, value), both str, got %s" % type(item).__name__
        )
    name, value = item
    if name not in _passed:
        _check_name(name)
    bad = _BAD_VALUE.search(value)
    if bad is not None:
        # The character alone: a value may be a session cookie, and messages go to logs.
        raise AppProtocolError(
            "start_response: the value of %s has %a: control characters and characters that are no byte cannot be sent"
            % (name, bad.group())
        )
    return name, value


def _check_name(name: str) -> None:
    if not _TOKEN.fullmatch(name):
        raise AppProtocolError("start_response: %.80r is no header name (RFC 9110 section 5.6.2, token)" % name)
    lower = name.lower()
    if lower == "status":
        raise AppProtocolError("start_response: Status is no header; pass the status as first argument")
    if lower in _HOP_BY_HOP:
        raise AppProtocolError(
            'start_response: %s is hop-by-hop, so only the server may set it (PEP 3333, "Other HTTP Features")' % name
        )
    if len(_passed) < _PASSED_SIZE:
        _passed.add(name)
