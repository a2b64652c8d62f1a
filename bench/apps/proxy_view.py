"""The common alternative to NodeApp: a view that proxies to a Node server over HTTP, with a urllib3 connection pool."""
import os

from urllib3 import connection_from_url

NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding"}

node = connection_from_url(os.environ["UPSTREAM"], maxsize=16)


def app(environ, start_response):
    headers = {key[5:].replace("_", "-"): value for key, value in environ.items() if key.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    query = environ["QUERY_STRING"]
    url = environ["SCRIPT_NAME"] + environ["PATH_INFO"] + ("?" + query if query else "")
    answer = node.urlopen(
        environ["REQUEST_METHOD"], url, body, headers, retries=False, redirect=False, decode_content=False
    )
    passed_on = [(name, value) for name, value in answer.headers.items() if name.lower() not in NOT_PASSED_ON]
    start_response(f"{answer.status} {answer.reason}", passed_on)
    return [answer.data]
