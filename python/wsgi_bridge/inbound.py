"""The receiving half of a lane: requests, one after another, and their bodies. Knows records and their ids; sends nothing."""

from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional

from . import fastcgi
from .fastcgi import WrongRecordError
from .interruptible import Interruptible
from .receiver import LaneClosed, Receiver
from .threads import Threads

#: How many bytes of a body `client_disconnected` reads ahead to find an ABORT_REQUEST behind them. This is more than the system
#: buffers for a lane, so the record is found even if nobody reads the body.
_READ_AHEAD = 512 * 1024


class Inbound:
    """
    Receives requests and their bodies. Used by the thread that serves the lane, and by other threads during a request.
    `require` is called with the id of the request for which a thread reads. It raises RequestEndedError if that request has
    ended.
    """

    def __init__(self, sock: Any, threads: Threads, interruptible: Interruptible, require: Callable[[int], None]) -> None:
        self._threads = threads
        self._interruptible = interruptible
        self._require = require
        #: Held by the thread that reads from the socket.
        self._receiving = self._threads.lock()
        self._receiver = Receiver(sock, threads.receive_now(sock))
        self._stdin: Deque[bytes] = deque()
        #: Bytes in `_stdin`.
        self._stdin_size = 0
        self._stdin_ended = True
        self._forked = False
        #: The parameters of the next request as far as they have arrived; None before its first record.
        self._params: Optional[List[bytes]] = None
        #: The id of the current request, or of the last one.
        self.request_id = 0
        #: True when Node has reported that the client has disconnected, or has itself exited.
        self.aborted = False

    def next_request(self) -> Optional[Dict[str, str]]:
        """Returns the parameters of the next request; None when the lane is closed. Raises WrongRecordError."""
        try:
            with self._receiving:  # another thread may still read the previous request's body, until a record is complete
                self._discard_stdin()
            request_id = fastcgi.next_request_id(self.request_id)
            params = self._receiver.bodyless_request(request_id) if self._params is None else None
            bodyless = params is not None
            if params is None:
                params = self._read_params(request_id)
        except LaneClosed:
            return None
        self.request_id = request_id
        self._stdin_ended = bodyless
        self.aborted = False
        # Take what has arrived, which may be the end of an empty body.
        if not bodyless and not self._receiver.empty and self._receiver.has_record(request_id):
            self._receive_one()
        return fastcgi.read_pairs(params)

    @property
    def has_body(self) -> bool:
        """False when the body is known to be empty."""
        return not self._stdin_ended or bool(self._stdin)

    def read_stdin(self, request_id: int) -> bytes:
        """Returns the next piece of the body; b"" at its end. Raises ConnectionAbortedError, RequestEndedError."""
        shielded = self._interruptible.shield()
        try:
            with self._receiving:
                if not self._forked:  # a forked child may read what had arrived before the fork
                    self._require(request_id)
                return self._next_piece(request_id)
        finally:
            if shielded:
                self._interruptible.unshield()

    def _next_piece(self, request_id: int) -> bytes:
        while not self._stdin:
            if self.aborted:
                raise ConnectionAbortedError("the client closed the connection before its body was complete")
            # Checked before the end of the body: Node ends the body of an ended request early, so the body is incomplete.
            if not (self._forked and self._stdin_ended):
                self._require(request_id)
            if self._stdin_ended:
                return b""
            self._receive_one()
        piece = self._stdin.popleft()
        self._stdin_size -= len(piece)
        return piece

    def client_disconnected(self, request_id: int) -> bool:
        """
        Returns True when the client has disconnected. Never waits. Costs one system call. Cannot notice a disconnect behind
        more than 512 KiB of unread body. Raises RequestEndedError.
        """
        shielded = self._interruptible.shield()
        try:
            self._require(request_id)
            if self._receiving.acquire(blocking=False):  # otherwise another thread reads the body and will notice the disconnect
                try:
                    self._read_ahead(request_id)
                finally:
                    self._receiving.release()
            return self.aborted
        finally:
            if shielded:
                self._interruptible.unshield()

    def _read_ahead(self, request_id: int) -> None:
        self._require(request_id)  # the request may have ended before this thread got the lock
        try:
            while not self.aborted and self._stdin_size < _READ_AHEAD and self._receiver.has_record(request_id):
                self._receive_one()
        except LaneClosed:  # Node has exited, so no client is left
            self.aborted = True

    def after_fork(self) -> None:
        """Called in a forked child, in which a lock of another thread would stay locked for ever."""
        self._forked = True
        self._receiving = self._threads.lock()

    def _read_params(self, request_id: int) -> bytes:
        """Continues where the last call was interrupted, if a signal handler raised in it."""
        while self._params is None:
            kind, number, _ = self._receiver.record()
            if kind == fastcgi.BEGIN_REQUEST and number == request_id:
                self._params = []
            # Node may abort the previous request before it knows that the request has ended.
            elif kind != fastcgi.ABORT_REQUEST or number != self.request_id:
                raise WrongRecordError("a record of type %d for request %d came before request %d" % (kind, number, request_id))
        while True:
            kind, number, content = self._receiver.record()
            if kind != fastcgi.PARAMS or number != request_id:
                raise WrongRecordError("a record of type %d for request %d came within the parameters" % (kind, number))
            if not content:
                break
            self._params.append(content)
        params = b"".join(self._params)
        self._params = None
        return params

    def _discard_stdin(self) -> None:
        self._stdin.clear()
        while not self._stdin_ended:
            self._receive_one()
            self._stdin.clear()
        self._stdin_size = 0

    def _receive_one(self) -> None:
        """Receives one record of the current request."""
        kind, number, content = self._receiver.record()
        if number != self.request_id:
            raise WrongRecordError("a record of type %d for request %d came within request %d" % (kind, number, self.request_id))
        if kind == fastcgi.STDIN:
            if content:
                self._stdin.append(content)
                self._stdin_size += len(content)
            else:
                self._stdin_ended = True
        elif kind == fastcgi.ABORT_REQUEST:
            self.aborted = True
        else:
            raise WrongRecordError("a record of type %d is not allowed within a request" % kind)
