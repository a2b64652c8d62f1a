"""A WSGI application whose clients disconnect."""
import threading

#: What happened in earlier requests.
events = []


class Result:
    """An endless result that records when it is closed."""

    def __init__(self, name):
        self.name = name

    def __iter__(self):
        while True:
            yield b"x" * 1000

    def close(self):
        events.append(self.name + " closed")


def application(environ, start_response):
    gone = environ["wsgi_bridge.client_disconnected"]
    name = environ["PATH_INFO"][1:]
    if name == "told":  # responds with the events of the earlier requests
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [",".join(events).encode()]
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    if name == "asks":
        events.append("asked %s" % gone())
        try:
            write(b"begun")
        except ConnectionAbortedError:
            pass  # the client has disconnected already
        while not gone():
            threading.Event().wait(0.001)
        events.append("gone")
        return Result("asks")
    if name == "writes":
        try:
            while True:
                write(b"y" * 1000)
        except ConnectionAbortedError as error:
            events.append(str(error))
            raise
    return Result(name)
