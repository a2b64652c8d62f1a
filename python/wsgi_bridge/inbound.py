"""What comes on a lane: requests, one after another, and their bodies. Knows records and their ids; sends nothing."""

import socket
import threading
from collections import deque
from typing import Callable, Deque, Dict, List, Optional

from . import fastcgi
from .receiver import Gone, Receiver
from .interruptible import Interruptible

#: How much of a body is read ahead when the lane is only asked whether the client is still there: more than the system holds
#: of a lane, so that ABORT_REQUEST, which follows what was sent before it, is seen behind a body that nobody reads.
_READ_AHEAD = 512 * 1024


class Inbound:
    """
    Used by the thread that serves the lane, and by others for as long as a request is current: `require` is called with the id of
    the request that a thread speaks for, and raises when that has ended.
    """

    def __init__(self, sock: socket.socket, interruptible: Interruptible, require: Callable[[int], None]) -> None:
        self._interruptible = interruptible
        self._require = require
        #: Held by the thread that reads from the socket.
        self._receiving = threading.Lock()
        self._receiver = Receiver(sock)
        self._stdin: Deque[bytes] = deque()
        self._stdin_held = 0
        self._stdin_ended = True
        self._forked = False
        #: The id of the current request, or of the last one.
        self.request_id = 0
        #: True when it is known that the client has left.
        self.aborted = False

    def next_request(self) -> Optional[Dict[str, str]]:
        """The parameters of the next request; None when the lane is closed. Raises ValueError for another request's records."""
        try:
            with self._receiving:  # a thread that still reads the last request's body has it until the record is whole
                self._discard_stdin()
            request_id = fastcgi.next_request_id(self.request_id)
            params = self._receiver.bodyless_request(request_id)
            bodyless = params is not None
            if params is None:
                params = self._read_params(request_id)
        except Gone:
            return None
        self.request_id = request_id
        self._stdin_ended = bodyless
        self.aborted = False
        if not bodyless and not self._receiver.empty:  # a request without a body has come whole
            self._receive_one()
        return fastcgi.read_pairs(params)

    @property
    def has_body(self) -> bool:
        """False when the body is known to be empty."""
        return not self._stdin_ended or bool(self._stdin)

    def read_stdin(self, request_id: int) -> bytes:
        """The next piece of the body; empty at its end. Raises ConnectionAbortedError (the client left), RequestEndedError."""
        shielded = self._interruptible.shield()
        try:
            with self._receiving:
                if not self._forked:  # a forked child may have what had come before it was forked
                    self._require(request_id)
                return self._next_piece(request_id)
        finally:
            if shielded:
                self._interruptible.unshield()

    def _next_piece(self, request_id: int) -> bytes:
        while not self._stdin:
            if self.aborted:
                raise ConnectionAbortedError("the client closed the connection before its body was whole")
            # Checked before the end of the body: Node sends that early once the request is over, so the body is not whole.
            if not (self._forked and self._stdin_ended):
                self._require(request_id)
            if self._stdin_ended:
                return b""
            self._receive_one()
        piece = self._stdin.popleft()
        self._stdin_held -= len(piece)
        return piece

    def client_disconnected(self, request_id: int) -> bool:
        """
        True when the client has left. Never waits, and costs one system call. Behind more than 512 KiB of a body that nobody
        reads it cannot see. Raises RequestEndedError.
        """
        shielded = self._interruptible.shield()
        try:
            self._require(request_id)
            if self._receiving.acquire(blocking=False):  # else another thread is reading the body, and will see it
                try:
                    self._look_ahead(request_id)
                finally:
                    self._receiving.release()
            return self.aborted
        finally:
            if shielded:
                self._interruptible.unshield()

    def _look_ahead(self, request_id: int) -> None:
        self._require(request_id)  # the request may have ended before the lock was had
        try:
            while not self.aborted and self._stdin_held < _READ_AHEAD and self._receiver.has_record(request_id):
                self._receive_one()
        except Gone:  # Node has left, and with it all clients
            self.aborted = True

    def forget(self) -> None:
        """In a child process that was forked off: another thread's lock is held for ever."""
        self._forked = True
        self._receiving = threading.Lock()

    def _read_params(self, request_id: int) -> bytes:
        while True:
            kind, number, _ = self._receiver.record()
            if kind == fastcgi.BEGIN_REQUEST and number == request_id:
                break
            if kind != fastcgi.ABORT_REQUEST or number != self.request_id:  # that one crossed the end of its request
                raise ValueError("a record of type %d for request %d came before request %d" % (kind, number, request_id))
        params: List[bytes] = []
        while True:
            kind, number, content = self._receiver.record()
            if kind != fastcgi.PARAMS or number != request_id:
                raise ValueError("a record of type %d for request %d came within the parameters" % (kind, number))
            if not content:
                return b"".join(params)
            params.append(content)

    def _discard_stdin(self) -> None:
        self._stdin.clear()
        while not self._stdin_ended:
            self._receive_one()
            self._stdin.clear()
        self._stdin_held = 0

    def _receive_one(self) -> None:
        """Takes one record of the current request."""
        kind, number, content = self._receiver.record()
        if number != self.request_id:
            raise ValueError("a record of type %d for request %d came within request %d" % (kind, number, self.request_id))
        if kind == fastcgi.STDIN:
            if content:
                self._stdin.append(content)
                self._stdin_held += len(content)
            else:
                self._stdin_ended = True
        elif kind == fastcgi.ABORT_REQUEST:
            self.aborted = True
        else:
            raise ValueError("a record of type %d has no place within a request" % kind)
