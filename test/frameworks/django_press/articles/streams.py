"""Streamed responses, and files."""

import os
import sys
import threading

from django.conf import settings
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt

released = threading.Event()


def stream(request):
    released.clear()

    def blocks():
        yield "held\n"
        yield "released\n" if released.wait(15) else "nobody came\n"

    return StreamingHttpResponse(blocks(), content_type="text/plain")


@csrf_exempt
def release(request):
    released.set()
    return HttpResponse(status=204)


def endless(request):
    def blocks():
        try:
            while True:
                yield b"x" * 1000
        finally:
            print("closed", request.path, file=sys.stderr)

    return StreamingHttpResponse(blocks())


def export(request):
    rows = ("%d;é\n" % number for number in range(20_000))
    return StreamingHttpResponse(rows, content_type="text/csv", headers={"Content-Disposition": "attachment"})


class Reported:
    """A file that reports when it is closed."""

    def __init__(self, path):
        self._file = open(path, "rb")
        self.name = path

    def __getattr__(self, name):
        return getattr(self._file, name)

    def close(self):
        self._file.close()
        print("file closed", os.path.basename(self.name), file=sys.stderr)


def download(request, name):
    return FileResponse(Reported(str(settings.MEDIA_ROOT / "pictures" / name)), as_attachment=True)
