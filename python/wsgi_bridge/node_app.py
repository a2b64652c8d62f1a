"""`NodeApp`: an Express or Koa app as a WSGI callable. Knows a request's journey; the processes are the pool's."""

import os
from typing import Any, Callable, Dict, Iterable, Optional, Sequence, Tuple, Union

from .node_errors import NodeExitError
from .node_pool import NodePool
from .node_process import NodeProcess
from .node_request import Body, encode_params, is_safe
from .node_response import NodeResponse


class NodeApp:
    """An Express app, a Koa app or a `(req, res)` function as a WSGI callable, served by Node.

        application = NodeApp("server.mjs:app", directory="web")

    Node starts with the first request in each server process, or by `start()`; it ends with the process, or by `close()`.
    May be called by many threads. Raises the subclasses of NodeError.

    target           a file below `directory`, and the name it exports: "server.mjs:app"; its default export without a name
    directory        where Node runs and finds the npm package wsgi-bridge; default the current one
    node             Node's command, or a sequence with options: ("node", "--enable-source-maps")
    processes        Node processes for each server process; default 1
    lanes            requests at the same time in each Node process; default 8
    env              Node's environment; default this process's own
    start_timeout    seconds for loading the app; default 30
    request_timeout  seconds that Node may be silent within a request, None for ever; default 60
    queue_timeout    seconds that a request waits for a free lane, None for ever; default 30
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
    ) -> None:
        if processes < 1 or lanes < 1:
            raise ValueError("NodeApp: processes and lanes must be 1 or more")
        folder = os.path.abspath(directory)  # a server may change its own directory before the first request
        command = (node,) if isinstance(node, str) else tuple(node)
        self._request_timeout = request_timeout
        self._pool = NodePool(
            lambda: NodeProcess(target, folder, command, lanes, env, start_timeout), processes, queue_timeout
        )

    def __call__(self, environ: Dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """PEP 3333's application. Raises NodeError."""
        body = Body(environ)
        params = encode_params(environ, body)
        try:
            response, (status, headers) = self._ask(environ, params, body)
        except NodeExitError:
            if not is_safe(environ, body):
                raise
            response, (status, headers) = self._ask(environ, params, body)
        try:
            start_response(status, headers)
        except BaseException:
            response.close()
            raise
        return response

    def start(self) -> None:
        """Starts Node now instead of with the first request. Raises NodeStartError, NodeClosedError."""
        self._pool.give_back(self._pool.acquire(), True)

    def close(self) -> None:
        """Ends Node. Requests under way are broken off; later ones get NodeClosedError. May be called again."""
        self._pool.close()

    def _ask(self, environ: Dict[str, Any], params: bytes, body: Body) -> Tuple[NodeResponse, Tuple[str, Any]]:
        held = self._pool.acquire()
        lane = held[1]
        lane.timeout = self._request_timeout
        response = NodeResponse(lane, body, environ["wsgi.errors"], lambda usable: self._pool.give_back(held, usable))
        try:
            lane.begin(params, body.empty)
        except NodeExitError:
            self._pool.give_back(held, False)
            raise
        return response, response.head()
