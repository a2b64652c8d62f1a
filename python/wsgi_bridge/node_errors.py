"""What goes wrong between a WSGI server and Node, by whose fault it is. Knows classes; knows no process."""


class NodeError(Exception):
    """The base of all errors that NodeApp raises on purpose."""


class NodeStartError(NodeError):
    """Node could not be started, or could not load the app; the message has what Node said, and what to do."""


class NodeExitError(NodeError):
    """Node ended, or broke the protocol, before its response was whole."""


class NodeTimeoutError(NodeError):
    """Node was silent for longer than `request_timeout`, or no lane became free within `queue_timeout`."""


class NodeClosedError(NodeError):
    """The app was closed with close() and takes no further requests."""


class NodeAppError(NodeError):
    """The JavaScript app failed. `stack` is what JavaScript says of it."""

    def __init__(self, message: str, stack: str = "") -> None:
        super().__init__(message + ("\n" + stack if stack else ""))
        self.stack = stack


class RequestBodyError(NodeError):
    """The request's body ended before its Content-Length: the client has left."""


class RequestEnvironError(NodeError):
    """The environ has what cannot be sent: the fault of the server, or of middleware above NodeApp."""
