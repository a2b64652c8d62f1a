"""A WSGI request as FastCGI parameters and a body to send. Knows the environ; knows no lane."""

from typing import Any, Dict, List, Optional

from . import fastcgi
from .node_errors import RequestBodyError, RequestEnvironError

#: Parameters that are not copied from the environ but computed here. Only this package uses the last.
_COMPUTED = frozenset(("HTTPS", "CONTENT_LENGTH", "WSGI_INPUT_TERMINATED"))
_BLOCK = fastcgi.MAX_CONTENT
#: Bytes of all parameters. Node has the same limit.
_PARAMS_LIMIT = 512 * 1024
#: Safe methods: these requests may be retried (RFC 9110 section 9.2.1).
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))


class Body:
    """Reads the request's body piece by piece. Respects CONTENT_LENGTH and wsgi.input_terminated."""

    def __init__(self, environ: Dict[str, Any]) -> None:
        self._input = environ["wsgi.input"]
        self.length = _content_length(environ)
        #: True if the body has no length, but can be read to its end, because the server ends the stream.
        self.unsized = self.length is None and bool(environ.get("wsgi.input_terminated"))
        self._left: Optional[int] = None if self.unsized else self.length or 0

    @property
    def empty(self) -> bool:
        """True if the request has no body, so that nothing needs to be read."""
        return self._left == 0 and not self.length

    def read(self) -> bytes:
        """Returns the next piece, at most 64 KiB; b"" at the end. Raises RequestBodyError if the body is incomplete."""
        if self._left == 0:
            return b""
        piece: bytes = self._input.read(_BLOCK if self._left is None else min(_BLOCK, self._left))
        if self._left is not None:
            self._left -= len(piece)
            if not piece:
                raise RequestBodyError("the request's body is %d bytes shorter than its Content-Length" % self._left)
        return piece


def _content_length(environ: Dict[str, Any]) -> Optional[int]:
    text = environ.get("CONTENT_LENGTH") or ""
    if text == "":
        return None
    if not (text.isascii() and text.isdigit()):
        raise RequestEnvironError("environ['CONTENT_LENGTH'] must be decimal digits, got %r" % text[:80])
    return int(text)


def is_safe(environ: Dict[str, Any], body: Body) -> bool:
    """Returns True if the request may be sent again, to another process."""
    return body.empty and environ.get("REQUEST_METHOD") in _SAFE


def encode_params(environ: Dict[str, Any], body: Body) -> bytes:
    """Returns the environ's strings as name-value pairs. Raises RequestEnvironError if they are not latin-1, or too long."""
    parts: List[bytes] = []
    for key, value in environ.items():
        if not isinstance(value, str) or not isinstance(key, str) or key.startswith("wsgi.") or key in _COMPUTED:
            continue
        try:
            parts.append(fastcgi.pair(key.encode("latin-1"), value.encode("latin-1")))
        except UnicodeEncodeError:
            raise RequestEnvironError(
                "environ[%r] has characters above U+00FF; PEP 3333 carries bytes as latin-1" % key
            ) from None
    if environ.get("wsgi.url_scheme") == "https":
        parts.append(fastcgi.pair(b"HTTPS", b"on"))
    if body.length is not None:
        parts.append(fastcgi.pair(b"CONTENT_LENGTH", b"%d" % body.length))
    if body.unsized:
        parts.append(fastcgi.pair(b"WSGI_INPUT_TERMINATED", b"1"))
    params = b"".join(parts)
    if len(params) > _PARAMS_LIMIT:
        raise RequestEnvironError(
            "the environ has more than %d bytes of text; find out which server or middleware adds so much" % _PARAMS_LIMIT
        )
    return params
