"""Runs the application for each request, in the same steps as `wsgiref.handlers`. Knows results and their `close()`."""

import sys
import traceback
from typing import Any, Callable, Dict

from . import fastcgi
from .current import CurrentRequest, current_request
from .files import FileWrapper
from .forks import end_child
from .interruptible import RequestTimeout
from .lane import Lane
from .receiver import LaneClosed
from .report import exception_pairs, traceback_text
from .response import Response
from .results import require_blocks
from .settings import Settings
from .streams import ErrorStream, request_input


class Handler:
    """Serves the requests of one lane, one after another."""

    def __init__(self, app: Callable[..., Any], lane: Lane, base_environ: Dict[str, Any], strict: bool) -> None:
        self._app = app
        self._lane = lane
        self._base = base_environ
        self._strict = strict

    def serve(self) -> None:
        """
        Returns when the lane is closed. In the main thread, a signal handler of the application may raise between two
        requests. The exception ends this call, and the next call continues with the next request.
        """
        try:
            for environ in iter(self._lane.next_request, None):
                try:
                    self._serve_one(environ)
                except LaneClosed:
                    raise
                except BaseException as error:  # raised in our own code, before or after the application's
                    self._lane.end(1)
                    if not isinstance(error, RequestTimeout):
                        raise
        except LaneClosed:
            pass  # Node has closed the lane, so the thread ends
        except fastcgi.WrongRecordError:
            traceback.print_exc()

    def _serve_one(self, environ: Dict[str, Any]) -> None:
        lane = self._lane
        request_id = lane.request_id
        response = Response(lane, environ, self._strict)
        environ.update(self._base)
        environ["wsgi.url_scheme"] = "https" if environ.get("HTTPS") == "on" else "http"
        environ["wsgi.input"] = request_input(lane)
        environ["wsgi.errors"] = ErrorStream(lane)
        environ["wsgi_bridge.client_disconnected"] = response.client_disconnected
        current_request.set(CurrentRequest(environ.get("wsgi_bridge.request_id", ""), lane.interruptible))
        ended = False
        status = 0
        try:
            lane.interruptible.begin()
            ended = self._run(environ, response)
            if lane.forked:
                end_child(None)
        except LaneClosed:
            raise
        except BaseException as error:  # SystemExit too: it must not look like a successful response
            if lane.forked:
                end_child(error)
            status = 1
            disconnected = lane.inbound.aborted and isinstance(error, ConnectionAbortedError)
            if not disconnected and not isinstance(error, RequestTimeout):  # Node itself reports a timeout
                report = fastcgi.pairs(exception_pairs(error))
                lane.send(request_id, [fastcgi.record(fastcgi.EXCEPTION, request_id, report)])
        if not ended:
            lane.end(status)

    def _run(self, environ: Dict[str, Any], response: Response) -> bool:
        """Calls the application and sends its result. Returns True if the end of the request was sent with it."""
        errors = environ["wsgi.errors"]
        result = self._app(environ, response.start_response)
        try:
            return self._lane.forked or response.finish(require_blocks(result, self._app))
        finally:
            if not self._lane.forked:  # in a forked child, the result and its resources belong to the parent
                _close(result, errors)


def _close(result: Any, errors: ErrorStream) -> None:
    """Calls close(). Only logs its error, because the response is already complete or has failed with another error."""
    try:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    except (LaneClosed, RequestTimeout):
        raise
    except BaseException as error:
        errors.write("close() of the application's result failed:\n" + traceback_text(error))


def base_environ(settings: Settings) -> Dict[str, Any]:
    """Returns the environ keys that are the same for every request (PEP 3333, "environ Variables")."""
    return {
        "wsgi.version": (1, 0),
        "wsgi.multithread": settings.threads > 1,
        "wsgi.multiprocess": settings.multiprocess,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
        "SERVER_SOFTWARE": "wsgi-bridge Python/%d.%d" % sys.version_info[:2],
    }
