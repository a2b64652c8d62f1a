"""An application for each form of a target. Each responds with its name."""
import functools


def answering(text):
    def answer(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [text.encode()]

    return answer


application = answering("application")
app = answering("app")


class site:
    class shop:
        app = answering("nested")

    @staticmethod
    def make():
        return answering("made by a static method")


def make():
    return answering("made")


def make_nothing():
    return None


def raises():
    raise RuntimeError("the till is locked")


def leaves():
    raise SystemExit(3)


def takes_one(settings):
    return answering(settings)


class Instance:
    def __call__(self, environ, start_response):
        return answering("an instance")(environ, start_response)


class Result:
    """A class as an application: it is called with environ and start_response, and its instance is the result."""

    def __init__(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "7")])

    def __iter__(self):
        yield b"a class"


instance = Instance()
partial = functools.partial(lambda text, environ, start_response: answering(text)(environ, start_response), "a partial")
number = 3
