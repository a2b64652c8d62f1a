"""Returns files as results. Counts the calls of `os.sendfile`, and truncates the file before or after one."""
import gzip
import io
import os
import tempfile

CONTENT = bytes(range(256)) * 4096
sendfile = os.sendfile
state = {"calls": 0, "closed": 0, "position": None, "sabotage": None}


def counted(out, descriptor, offset, count):
    state["calls"] += 1
    sabotage, state["sabotage"] = state["sabotage"], None
    if sabotage == "before":
        os.truncate(state["path"], 0)
    sent = sendfile(out, descriptor, offset, count)
    if sabotage == "after":
        os.truncate(state["path"], 0)
    return sent


os.sendfile = counted


def file_of(content):
    descriptor, state["path"] = tempfile.mkstemp()
    os.write(descriptor, content)
    os.close(descriptor)
    return Watched(open(state["path"], "rb"))


def opened(**options):
    """Opens the file again and unlinks it, so that it is gone when it is closed."""
    file = open(state["path"], "rb", **options)
    os.unlink(state["path"])
    return file


class Watched:
    """A file that records its position when FileWrapper closes it."""

    def __init__(self, file):
        self.file = file

    def into(self, wrapper):
        close = self.file.close
        wrapped = wrapper(self.file)

        def closed():
            state["position"] = self.file.tell()
            state["closed"] += 1
            close()
            os.unlink(state["path"])

        wrapped.close = closed
        return wrapped


def application(environ, start_response):
    wrapper = environ["wsgi.file_wrapper"]
    name, _, number = environ["PATH_INFO"][1:].partition("/")
    headers = [("Content-Type", "application/octet-stream")]
    if name == "state":
        start_response("200 OK", headers)
        return [repr([state["calls"], state["closed"], state["position"]]).encode()]
    if name == "wide":
        headers.append(("Content-Length", str(len(CONTENT))))
        state["sabotage"] = number or None
        start_response("200 OK", headers)
        return file_of(CONTENT).into(wrapper)
    if name in ("cut", "beyond") and number:
        headers.append(("Content-Length", number))
    write = start_response("200 OK", headers)
    if name == "written":
        write(b"before ")
    if name in ("open", "cut", "written"):
        return file_of(CONTENT).into(wrapper)
    if name == "from":
        file = file_of(CONTENT)
        file.file.read(int(number))
        return file.into(wrapper)
    if name == "beyond":
        file = file_of(CONTENT)
        file.file.seek(2 * len(CONTENT))
        return file.into(wrapper)
    if name == "unbuffered":
        file_of(CONTENT).file.close()
        return wrapper(opened(buffering=0))
    if name == "empty":
        return file_of(b"").into(wrapper)
    if name == "endless":
        file = file_of(b"x")
        os.truncate(state["path"], 2**40)
        return file.into(wrapper)
    if name == "gzip":
        return wrapper(gzip.open(io.BytesIO(gzip.compress(CONTENT))))
    if name == "gzipped":
        file_of(gzip.compress(CONTENT)).file.close()
        return wrapper(gzip.GzipFile(fileobj=opened()))
    if name == "buffered-gzip":
        file_of(gzip.compress(CONTENT)).file.close()
        return wrapper(io.BufferedReader(gzip.GzipFile(fileobj=opened())))
    if name == "memory":
        return wrapper(io.BytesIO(CONTENT))
    if name == "pipe":
        reading, writing = os.pipe()
        os.write(writing, CONTENT[:1000])
        os.close(writing)
        return wrapper(open(reading, "rb"))
    if name == "proc":
        return wrapper(open("/proc/version", "rb"))
    if name == "wrapped":
        return (block for block in file_of(CONTENT).into(wrapper))
    raise ValueError(name)
