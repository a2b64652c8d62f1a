"""Responds with the strings of its environ as escaped JSON, so that no encoding changes them."""

import json


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    texts = {key: value for key, value in environ.items() if isinstance(value, str)}
    return [json.dumps(texts, ensure_ascii=True).encode("ascii")]
