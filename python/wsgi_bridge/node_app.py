"""`NodeApp`: an Express or Koa app as a WSGI callable. Runs each request; leaves the processes to the pool."""

import os
from typing import Any, Callable, Dict, Iterable, Optional, Sequence, Tuple, Union

from .node_errors import NodeExitError
from .node_pool import NodePool
from .node_process import NodeProcess
from .node_request import Body, encode_params, is_safe
from .node_response import Headers, NodeResponse, is_event_stream


class NodeApp:
    """An Express app, a Koa app or a `(req, res)` function as a WSGI callable, served by Node.

        application = NodeApp("server.mjs:app", directory="web")

    In each server process, Node starts with the first request or with `start()`. It ends with the server process or with
    `close()`. Any number of threads may call the app. Raises subclasses of NodeError.

    target           a file, relative to `directory`, and an exported name: "server.mjs:app"; without a name, the default export
    directory        the folder in which Node runs and finds the npm package wsgi-bridge; default: the current directory
    node             the Node command, or a sequence with options: ("node", "--enable-source-maps")
    processes        how many Node processes each server process starts; default: 1
    lanes            how many requests each Node process serves at the same time; default: 8
    env              the environment variables of Node; default: those of this process
    start_timeout    seconds that Node may take to load the app; default: 30
    request_timeout  seconds without Node sending or reading a byte, until its response begins, None for no limit; default: 60
    stream_timeout   the same between two parts of the response; event streams have no limit; default: 60
    queue_timeout    seconds that a request may wait for a free lane, None for no limit; default: 30
    """

    def __init__(
        self,
        target: str,
        directory: str = ".",
        node: Union[str, Sequence[str]] = "node",
        processes: int = 1,
        lanes: int = 8,
        env: Optional[Dict[str, str]] = None,
        start_timeout: float = 30,
        request_timeout: Optional[float] = 60,
        queue_timeout: Optional[float] = 30,
        stream_timeout: Optional[float] = 60,
    ) -> None:
        if processes < 1 or lanes < 1:
            raise ValueError("NodeApp: processes and lanes must be 1 or more")
        folder = os.path.abspath(directory)  # the server may change its directory before the first request
        command = (node,) if isinstance(node, str) else tuple(node)
        self._request_timeout = request_timeout
        self._stream_timeout = stream_timeout
        self._pool = NodePool(
            lambda: NodeProcess(target, folder, command, lanes, env, start_timeout), processes, queue_timeout
        )

    def __call__(self, environ: Dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The WSGI application callable (PEP 3333). Raises NodeError."""
        body = Body(environ)
        params = encode_params(environ, body)
        try:
            response, (status, headers) = self._send(environ, params, body)
        except NodeExitError:
            if not is_safe(environ, body):
                raise
            response, (status, headers) = self._send(environ, params, body)
        try:
            start_response(status, headers)
        except BaseException:
            response.close()
            raise
        return response

    def start(self) -> None:
        """Starts Node now, not with the first request. Raises NodeStartError, NodeClosedError."""
        self._pool.give_back(self._pool.acquire(), True)

    def close(self) -> None:
        """Ends Node. Running requests are aborted; later requests raise NodeClosedError. May be called more than once."""
        self._pool.close()

    def _send(self, environ: Dict[str, Any], params: bytes, body: Body) -> Tuple[NodeResponse, Tuple[str, Headers]]:
        """Sends the request to a free lane, and waits for the head of the response."""
        pooled = self._pool.acquire()
        lane = pooled[1]
        lane.timeout, lane.limit = self._request_timeout, "request_timeout"
        response = NodeResponse(lane, body, environ["wsgi.errors"], lambda usable: self._pool.give_back(pooled, usable))
        try:
            lane.begin(params, body.empty)
        except NodeExitError:
            self._pool.give_back(pooled, False)
            raise
        head = response.head()
        lane.timeout, lane.limit = None if is_event_stream(head[1]) else self._stream_timeout, "stream_timeout"
        return response, head
