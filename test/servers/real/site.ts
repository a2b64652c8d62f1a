/** A WSGI app for the servers that are not ours: what it does, it does by path. */
export const SITE = `
import os, time

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/raise":
        raise ValueError("on purpose")
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return stream(environ)
    if path == "/large":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (b"0123456789" * 10000 for _ in range(200))
    if path == "/short":
        start_response("200 OK", [("Content-Length", "100000")])
        return (block for block in [b"short", b""])
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    if path == "/length":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [str(len(body)).encode()]
    if path == "/environ":
        start_response("203 Told", [("Content-Type", "text/plain"), ("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")])
        return [repr({k: v for k, v in environ.items() if isinstance(v, str)}).encode()]
    if path == "/nothing":
        start_response("204 No Content", [])
        return []
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]

def stream(environ):
    yield b"first"
    gate = environ.get("test.gate") or environ["HTTP_X_GATE"]
    while not os.path.exists(gate):
        time.sleep(0.01)
    yield b"second"
`;
