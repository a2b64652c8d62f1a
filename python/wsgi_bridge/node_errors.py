"""The errors of NodeApp. Each class says who has caused the error."""


class NodeError(Exception):
    """The base class of all errors that NodeApp raises on purpose."""


class NodeStartError(NodeError):
    """Node could not be started, or could not load the app. The message contains Node's output and says what to do."""


class NodeExitError(NodeError):
    """Node exited, or violated the protocol, before its response was complete."""


class NodeTimeoutError(NodeError):
    """Node was silent for `request_timeout` or `stream_timeout`, or no lane became free within `queue_timeout`."""


class NodeClosedError(NodeError):
    """The NodeApp was closed with close() and takes no more requests."""


class NodeAppError(NodeError):
    """The JavaScript app failed. `stack` is the stack trace of its error; empty if there is none."""

    def __init__(self, message: str, stack: str = "") -> None:
        super().__init__(message + ("\n" + stack if stack else ""))
        self.stack = stack


class RequestBodyError(NodeError):
    """The request body ended before its Content-Length was reached: the client has disconnected."""


class RequestEnvironError(NodeError):
    """The environ contains something that cannot be sent. The server, or middleware around NodeApp, has put it there."""
