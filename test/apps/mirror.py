"""Gives the texts of its environ back as JSON, escaped, so that no encoding can hide what they are."""

import json


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    texts = {key: value for key, value in environ.items() if isinstance(value, str)}
    return [json.dumps(texts, ensure_ascii=True).encode("ascii")]
