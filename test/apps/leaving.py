"""What an application does whose client leaves."""
import threading

#: What the requests before have come to.
told = []


class Result:
    """Blocks without end; tells when it is closed."""

    def __init__(self, name):
        self.name = name

    def __iter__(self):
        while True:
            yield b"x" * 1000

    def close(self):
        told.append(self.name + " closed")


def application(environ, start_response):
    gone = environ["wsgi_bridge.client_disconnected"]
    name = environ["PATH_INFO"][1:]
    if name == "told":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [",".join(told).encode()]
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    if name == "asks":
        told.append("asked %s" % gone())
        try:
            write(b"begun")
        except ConnectionAbortedError:
            pass  # so soon
        while not gone():
            threading.Event().wait(0.001)
        told.append("gone")
        return Result("asks")
    if name == "writes":
        try:
            while True:
                write(b"y" * 1000)
        except ConnectionAbortedError as error:
            told.append(str(error))
            raise
    return Result(name)
