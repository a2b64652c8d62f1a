"""The Python twins of the apps in the conformance cases: each function takes the arguments of a case and returns an app."""

import functools
import io
import json
import sys
import tempfile
import wsgiref.util
import wsgiref.validate

import twin_frameworks

PLAIN = ("Content-Type", "text/plain")
APPS = {}


def application(environ, start_response):
    twin = json.loads(environ["conformance.twin"])
    app = app_of(twin["name"], json.dumps(twin["args"]))
    if environ["conformance.validated"] == "true":
        app = wsgiref.validate.validator(app)
    return app(environ, start_response)


@functools.lru_cache(maxsize=None)
def app_of(name, args):
    """Returns the app of a case. There is one per case and process, so it keeps its state between requests."""
    make = globals().get(name) or getattr(twin_frameworks, name)
    return make(*json.loads(args))


def text(start_response, body):
    start_response("200 OK", [PLAIN])
    return [body.encode("latin-1")]


def encoded(blocks):
    return [block.encode("latin-1") for block in blocks]


def pairs(headers):
    """Turns each header into a tuple, which JSON does not have."""
    return [tuple(pair) for pair in headers]


def sized(length):
    return [PLAIN] if length is None else [PLAIN, ("Content-Length", str(length))]


def raised(message):
    try:
        raise LookupError(message)
    except LookupError:
        return sys.exc_info()


def attempts(start_response, lists):
    seen = []
    for arguments in lists:
        try:
            start_response(*arguments)
            seen.append("taken")
        except Exception:
            seen.append("refused")
    return seen


class Closing:
    """A result that writes "closed" to wsgi.errors when it is closed."""

    def __init__(self, environ, blocks):
        self._errors = environ["wsgi.errors"]
        self._blocks = iter(blocks)

    def __iter__(self):
        return self._blocks

    def close(self):
        self._errors.write("closed\n")


# --- apps that many cases share


def reply(status, headers, blocks, kind):
    def app(environ, start_response):
        start_response(status, pairs(headers))
        return encoded(blocks) if kind == "list" else (block for block in encoded(blocks))

    return app


def show(*keys):
    def app(environ, start_response):
        return text(start_response, "\n".join("%s=%s" % (k, environ[k]) if k in environ else k + "!" for k in keys))

    return app


def writes(written, blocks, length=None):
    def app(environ, start_response):
        write = start_response("200 OK", sized(length))
        for block in encoded(written):
            write(block)
        return encoded(blocks)

    return app


def closes(blocks, length=None, status="200 OK", headers=None):
    def app(environ, start_response):
        start_response(status, sized(length) if headers is None else pairs(headers))
        return Closing(environ, encoded(blocks))

    return app


# --- environ


def arguments():
    def app(*args, **kwargs):
        return text(args[1], "%d by position, %d by name" % (len(args), len(kwargs)))

    return app


def plain_environ():
    def app(environ, start_response):
        environ["x.added"] = "1"
        del environ["HTTP_HOST"]
        shown = "%s %s %s" % (type(environ) is dict, environ["x.added"], "HTTP_HOST" in environ)
        return text(start_response, shown.lower())

    return app


def spoils_environ():
    def app(environ, start_response):
        environ.update(REQUEST_METHOD="GET", PATH_INFO="\u0436", SERVER_PROTOCOL="HTTP/1.0")
        for key in ("wsgi.input", "wsgi.errors", "SCRIPT_NAME"):
            del environ[key]
        return text(start_response, "abc")

    return app


def leaves_a_mark():
    def app(environ, start_response):
        seen = "x.mark" in environ or environ.get("wsgi.version") is None
        environ["x.mark"] = environ["HTTP_X_MARK"] = "1"
        return text(start_response, str(seen).lower())

    return app


def odd_keys():
    def fits(value):
        return type(value) is str and all(ord(char) < 256 for char in value)

    def app(environ, start_response):
        odd = [k for k, v in environ.items() if (v is None if "." in k else not fits(v))]
        return text(start_response, environ["HTTP_X_OTHER"] + " " + ",".join(odd))

    return app


def remote_port():
    def app(environ, start_response):
        port = environ["REMOTE_PORT"]
        return text(start_response, "digits" if type(port) is str and port.isdigit() else repr(port))

    return app


def wsgi_keys():
    def app(environ, start_response):
        assert type(environ["wsgi.version"]) is tuple
        there = "wsgi.input" in environ and "wsgi.errors" in environ
        facts = [environ["wsgi." + key] for key in ("multithread", "multiprocess", "run_once")] + [there]
        return text(start_response, "%d,%d " % environ["wsgi.version"] + ",".join(map(str, facts)).lower())

    return app


def input_terminated():
    return lambda environ, start_response: text(start_response, str(environ["wsgi.input_terminated"] is True).lower())


def foreign_keys():
    def app(environ, start_response):
        own = ("wsgi.", "wsgi_bridge.", "conformance.")
        foreign = [key for key in environ if "." in key and not key.startswith(own)]
        return text(start_response, "foreign: " + ",".join(foreign))

    return app


def url():
    return lambda environ, start_response: text(start_response, wsgiref.util.request_uri(environ))


# --- input, errors


def show_blocks(read):
    if type(read) is list:
        return "[%s]" % ",".join(map(show_blocks, read))
    return "<%s>" % read.decode("latin-1") if type(read) is bytes else type(read).__name__


def reads(*calls):
    def app(environ, start_response):
        source = environ["wsgi.input"]
        return text(start_response, " ".join(show_blocks(getattr(source, name)(*size)) for name, *size in calls))

    return app


def iterates():
    return lambda environ, start_response: text(start_response, "".join(map(show_blocks, environ["wsgi.input"])))


def echo():
    return lambda environ, start_response: text(start_response, environ["wsgi.input"].read(-1).decode("latin-1"))


def ignores_input():
    return lambda environ, start_response: text(start_response, "not read")


def closes_input():
    def app(environ, start_response):
        body = environ["wsgi.input"].read(2)
        environ["wsgi.input"].close()
        return text(start_response, show_blocks(body))

    return app


def says():
    def app(environ, start_response):
        errors = environ["wsgi.errors"]
        errors.write("caf\u00e9 \u2713 \U0001f600\n")
        errors.writelines(["two ", "pieces\n", "three\n"])
        errors.flush()
        return text(start_response, "quiet")

    return app


def says_controls():
    def app(environ, start_response):
        environ["wsgi.errors"].write("a\x1b[31mb\x00\r\nforged\x7f\n")
        return text(start_response, "quiet")

    return app


# --- start_response

NEW = [PLAIN, ("X-New", "1")]
OLD = [PLAIN, ("X-Old", "1"), ("Set-Cookie", "old=1"), ("Content-Length", "2")]


def returns_write():
    def app(environ, start_response):
        write = start_response("200 OK", [PLAIN])
        return [b"function" if callable(write) else b"?"]

    return app


def passes_none():
    def app(environ, start_response):
        start_response("200 OK", [PLAIN], None)
        return [b"x"]

    return app


def starts_and_fails():
    def app(environ, start_response):
        start_response("201 Secret", OLD)
        raise LookupError("after all")

    return app


def starts_twice():
    def app(environ, start_response):
        start_response("200 OK", [PLAIN])
        start_response("200 OK", [PLAIN])
        return [b"x"]

    return app


def starts_after_refusal():
    def app(environ, start_response):
        seen = attempts(start_response, [("200OK", []), ("200 OK", [PLAIN])])
        start_response("200 OK", [PLAIN], raised("third"))
        return [",".join(seen).encode()]

    return app


def swallows_refusal():
    def app(environ, start_response):
        attempts(start_response, [("200 OK", [("X-Bad", "a\nb")])])
        return [b"x"]

    return app


def answers_refusal():
    def app(environ, start_response):
        try:
            start_response("200 OK", [("X-Bad", "a\nb"), ("Set-Cookie", "old=1")])
        except Exception:
            start_response("502 Own Page", [PLAIN], sys.exc_info())
        return [b"own"]

    return app


def replaces(status, headers):
    def app(environ, start_response):
        start_response(status, pairs(headers))
        start_response("503 Busy", NEW, raised("found out"))
        return [b"busy!"]

    return app


def replaces_late():
    def app(environ, start_response):
        start_response("200 Old", OLD)
        yield b""
        yield b""
        start_response("503 Busy", NEW, raised("found out"))
        yield b"busy"

    return app


def starts_with_error():
    def app(environ, start_response):
        start_response("503 Busy", NEW, raised("at once"))
        return [b"busy"]

    return app


def starts_too_late():
    def app(environ, start_response):
        start_response("200 OK", [PLAIN])
        yield b"begun"
        mine = raised("mine")
        try:
            start_response("500 Oops", NEW, mine)
        except LookupError as error:
            environ["wsgi.errors"].write("same: %s\n" % str(error is mine[1]).lower())
            raise

    return app


def goes_on():
    def app(environ, start_response):
        start_response("200 OK", [PLAIN])
        yield b"begun"
        attempts(start_response, [("500 Oops", NEW, raised("mine"))])
        yield b"surplus"

    return app


def generator():
    def app(environ, start_response):
        start_response("200 OK", [PLAIN])
        yield b"a"
        yield b"b"

    return app


def class_app():
    class App:
        def __init__(self, environ, start_response):
            self._start_response = start_response

        def __iter__(self):
            self._start_response("200 OK", [PLAIN])
            yield b"a"

    return App


def never_starts(blocks):
    return lambda environ, start_response: iter(encoded(blocks))


def changes_headers():
    def app(environ, start_response):
        headers = [PLAIN, ("X-One", "1")]
        start_response("200 OK", headers)
        headers.append(("X-Two", "a\nb"))
        headers[1] = ("X-One", "2")
        return [b"x"]

    return app


def shares_headers():
    shared = [PLAIN]

    def app(environ, start_response):
        start_response("200 OK", shared)
        return [str(len(shared)).encode()]

    return app


def shouts():
    def inner(environ, start_response):
        return text(start_response, "quiet")

    def app(environ, start_response):
        def start(status, headers, exc_info=None):
            return start_response(status, headers + [("X-Mid", "1")], exc_info)

        return [block.upper() for block in inner(environ, start)]

    return app


# --- heads


def headers_in_tuple():
    def app(environ, start_response):
        start_response("200 OK", (PLAIN,))
        return [b"x"]

    return app


def header_in_list():
    def app(environ, start_response):
        start_response("200 OK", [["X-A", "b"]])
        return [b"x"]

    return app


def bytes_in_head():
    def app(environ, start_response):
        start_response("200 OK", [(b"X-A", b"b")])
        return [b"x"]

    return app


# --- results


def large(size):
    body = b"0123456789abcdef" * (size // 16)

    def app(environ, start_response):
        start_response("200 OK", [PLAIN])
        return [body]

    return app


def failing(blocks):
    yield from encoded(blocks)
    raise LookupError("in the middle")


def closes_and_fails(blocks):
    def app(environ, start_response):
        start_response("200 OK", [PLAIN])
        return Closing(environ, failing(blocks))

    return app


def closes_unstarted():
    return lambda environ, start_response: Closing(environ, [b"a"])


def finishes():
    def app(environ, start_response):
        try:
            start_response("200 OK", [PLAIN])
            yield b"a"
            yield b"b"
        finally:
            environ["wsgi.errors"].write("closed\n")

    return app


def fails_to_close():
    class Result(Closing):
        def close(self):
            raise LookupError("no lid")

    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "2"), PLAIN])
        return Result(environ, [b"a", b"b"])

    return app


def watched():
    class Watched(Closing):
        seen = []

        def __getattribute__(self, name):
            Watched.seen.append(name)
            return super().__getattribute__(name)

        def __iter__(self):
            yield b"a"
            yield b"b"
            yield ",".join(name for name in Watched.seen if name not in ("close", "_errors", "__class__")).encode()

    def app(environ, start_response):
        start_response("200 OK", [PLAIN])
        return Watched(environ, [])

    return app


RESULTS = {
    "str": "secret",
    "bytes": b"secret",
    "none": None,
    "false": False,
    "number": 42,
    "object": object(),
    "str_block": ["secret"],
    "list_block": [[b"secret"]],
}


def returns(what):
    def app(environ, start_response):
        start_response("200 OK", [PLAIN])
        return RESULTS[what]

    return app


def spoilt_block():
    def app(environ, start_response):
        start_response("200 OK", [PLAIN])
        yield b"a"
        yield "secret"

    return app


def writes_then_starts():
    def app(environ, start_response):
        start_response("200 OK", [PLAIN])(b"")
        start_response("500 Too Late", [("Content-Type", "text/plain"), ("X-Late", "1")], raised("too late"))
        return []

    return app


def writes_text():
    def app(environ, start_response):
        start_response("200 OK", [PLAIN])("secret")
        return []

    return app


def writes_and_fails():
    def app(environ, start_response):
        start_response("200 OK", [PLAIN])(b"a")
        raise LookupError("in the middle")

    return app


# --- errors

SECRET = [PLAIN, ("Set-Cookie", "secret=1")]


def fails():
    def app(environ, start_response):
        raise LookupError("hunter2")

    return app


def fails_started():
    def app(environ, start_response):
        start_response("200 Secret", SECRET)
        raise LookupError("hunter2")

    return app


def fails_iterated():
    def app(environ, start_response):
        start_response("200 Secret", SECRET)
        yield b""
        raise LookupError("hunter2")

    return app


def fails_late(length=None):
    def app(environ, start_response):
        start_response("200 OK", sized(length))
        yield b"begun"
        raise LookupError("hunter2")

    return app


def own_error_page():
    def app(environ, start_response):
        start_response("500 Own", [PLAIN], raised("hunter2"))
        return [b"own page"]

    return app


EXCEPTIONS = {error.__name__: error for error in (SystemExit, KeyboardInterrupt, MemoryError, GeneratorExit)}


def raises(name):
    def app(environ, start_response):
        raise EXCEPTIONS[name]("hunter2")

    return app


# --- files


def opened(environ, content, real=False):
    base = io.FileIO if real else io.BytesIO

    class File(base):
        reported = False

        def close(self):
            if not self.reported:
                self.reported = True
                environ["wsgi.errors"].write("closed\n")
            super().close()

    if not real:
        return File(content)
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return File("/dev/fd/%d" % file.fileno())


def sends_file(content, position, block_size, status, headers, real):
    def app(environ, start_response):
        start_response(status, pairs(headers))
        file = opened(environ, content.encode("latin-1"), real)
        file.seek(position)
        return environ["wsgi.file_wrapper"](file, block_size)

    return app


def drops_file():
    def app(environ, start_response):
        environ["wsgi.file_wrapper"](io.BytesIO(b"secret"))
        return text(start_response, "other")

    return app


def reads_file():
    def app(environ, start_response):
        wrapper = environ["wsgi.file_wrapper"](opened(environ, b"abcdef"), 4)
        body = b"".join(block.upper() for block in wrapper)
        wrapper.close()
        start_response("200 OK", [PLAIN])
        return [body]

    return app


def closable():
    class Unclosable:
        def read(self, size):
            return b""

    def app(environ, start_response):
        wrap = environ["wsgi.file_wrapper"]
        seen = [str(hasattr(wrap(file), "close")).lower() for file in (Unclosable(), io.BytesIO())]
        return text(start_response, ",".join(seen))

    return app
