"""Runs the FastCGI codec of the Python package for the test that compares it with the one in TypeScript.

Reads questions on stdin and prints the answers, both in JSON. Bytes are Latin-1 text.
"""

import json
import sys

from wsgi_bridge import fastcgi


def answer(question):
    """Returns the result of the codec for a question."""
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
    """Returns the answer, or the name of the exception that the codec raised."""
    try:
        return answer(question)
    except ValueError as error:
        return type(error).__name__


json.dump([outcome(question) for question in json.load(sys.stdin)], sys.stdout)
