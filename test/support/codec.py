"""The Python half's FastCGI codec, for the test that compares it with ours: a question on stdin, the answer on stdout, in JSON.

Bytes are latin-1 text on both ways.
"""

import json
import sys

from wsgi_bridge import fastcgi


def answer(question):
    """What the codec makes of each of the questions."""
    kind, argument = question
    if kind == "constants":
        return {name: value for name, value in vars(fastcgi).items() if name.isupper() and name[0] != "_"}
    if kind == "pair":
        name, value = argument
        return fastcgi.pair(name.encode("latin-1"), value.encode("latin-1")).decode("latin-1")
    if kind == "read_pairs":
        return list(fastcgi.read_pairs(argument.encode("latin-1")).items())
    if kind == "stream":
        number, content = argument
        parts = fastcgi.stream(number, fastcgi.FIRST_REQUEST_ID, content.encode("latin-1"))
        return b"".join(parts).decode("latin-1")
    if kind == "read_header":
        return fastcgi.read_header(argument.encode("latin-1"), 0)
    raise LookupError(kind)


def outcome(question):
    """The answer, or the name of the exception."""
    try:
        return answer(question)
    except ValueError as error:
        return type(error).__name__


json.dump([outcome(question) for question in json.load(sys.stdin)], sys.stdout)
