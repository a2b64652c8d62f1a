"""One request's journey through the application, as `wsgiref.handlers` tells it. Knows results and `close()`."""

import sys
from typing import Any, Callable, Dict

from . import fastcgi
from .files import FileWrapper
from .forks import end_child
from .lane import Lane
from .receiver import Gone
from .report import exception_pairs, traceback_text
from .response import Response
from .streams import ErrorStream, request_input
from .interruptible import RequestTimeout


class Handler:
    """Serves the requests of one lane, one after another."""

    def __init__(self, app: Callable[..., Any], lane: Lane, base_environ: Dict[str, Any]) -> None:
        self._app = app
        self._lane = lane
        self._base = base_environ

    def serve(self) -> None:
        """Returns when the lane is closed."""
        try:
            for environ in iter(self._lane.next_request, None):
                try:
                    self._serve_one(environ)
                except RequestTimeout:  # it has landed late, in our own code
                    self._lane.end(1)
        except Gone:
            pass  # Node has left; so does this thread

    def _serve_one(self, environ: Dict[str, Any]) -> None:
        lane = self._lane
        request_id = lane.request_id
        response = Response(lane, environ["REQUEST_METHOD"])
        environ.update(self._base)
        environ["wsgi.url_scheme"] = "https" if environ.get("HTTPS") == "on" else "http"
        environ["wsgi.input"] = request_input(lane)
        environ["wsgi.errors"] = ErrorStream(lane)
        environ["wsgi_bridge.client_disconnected"] = response.client_disconnected
        ended = False
        status = 0
        try:
            lane.interruptible.begin()
            ended = self._run(environ, response)
            if lane.forked:
                end_child(None)
        except Gone:
            raise
        except BaseException as error:  # a SystemExit of the application must not look like an answer
            if lane.forked:
                end_child(error)
            status = 1
            nobodys_fault = lane.inbound.aborted and isinstance(error, ConnectionAbortedError)
            if not nobodys_fault and not isinstance(error, RequestTimeout):  # of which Node knows more
                report = fastcgi.pairs(exception_pairs(error))
                lane.send(request_id, [fastcgi.record(fastcgi.EXCEPTION, request_id, report)])
        if not ended:
            lane.end(status)

    def _run(self, environ: Dict[str, Any], response: Response) -> bool:
        errors = environ["wsgi.errors"]
        result = self._app(environ, response.start_response)
        try:
            return self._lane.forked or response.finish(result)
        finally:
            if not self._lane.forked:  # else the result, and what its close() ends, are the parent's
                _close(result, errors)


def _close(result: Any, errors: ErrorStream) -> None:
    """An error of close() is for the log: the answer is whole, or another error has ended it."""
    try:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    except (Gone, RequestTimeout):
        raise
    except BaseException as error:
        errors.write("close() of the application's result failed:\n" + traceback_text(error))


def base_environ(threads: int, processes: int) -> Dict[str, Any]:
    """What is the same for every request (PEP 3333, "environ Variables")."""
    return {
        "wsgi.version": (1, 0),
        "wsgi.multithread": threads > 1,
        "wsgi.multiprocess": processes > 1,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
        "SERVER_SOFTWARE": "wsgi-bridge Python/%d.%d" % sys.version_info[:2],
    }
