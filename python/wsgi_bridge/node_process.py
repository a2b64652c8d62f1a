"""One Node process and its lanes. Knows how to start and to end it; knows no request."""

import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from typing import IO, Deque, Dict, Iterator, List, Optional, Sequence

from . import fastcgi
from .node_errors import NodeExitError, NodeStartError, NodeTimeoutError
from .node_lane import NodeLane

_PROGRAM = 'import "wsgi-bridge/node-app"'
_TAIL_LINES = 40
#: Seconds for a process that was asked to end.
_END_TIMEOUT = 5.0
_RECEIVE = 65536
#: Bytes that a pipe can hold: what a process that is gone may have left there. A child of its own may write for ever.
_PIPE = 1024 * 1024
_MISSING = ("ERR_MODULE_NOT_FOUND", "ERR_PACKAGE_PATH_NOT_EXPORTED")


class NodeProcess:
    """Started by its constructor, which waits until the app is loaded. Raises NodeStartError."""

    def __init__(
        self, target: str, directory: str, node: Sequence[str], lanes: int, env: Optional[Dict[str, str]], timeout: float
    ) -> None:
        pairs = [socket.socketpair() for _ in range(lanes + 1)]
        ours = [pair[0] for pair in pairs]
        fds = [pair[1].fileno() for pair in pairs]
        self._control = ours[0]
        self._tail: Deque[str] = deque(maxlen=_TAIL_LINES)
        self.lanes: List[NodeLane] = [NodeLane(sock) for sock in ours[1:]]
        self.target = target
        command = [*node, "--input-type=module", "-e", _PROGRAM, "--", target, ",".join(map(str, fds))]
        try:
            # A session of its own: Ctrl-C is for the server, which ends Node when its requests are through.
            self._child = subprocess.Popen(
                command,
                cwd=directory,
                env=env,
                bufsize=0,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=fds,
                start_new_session=True,
            )
        except OSError as error:
            self.forget()
            raise NodeStartError(
                "%s cannot be run in %s (%s); install Node 20.19 or later, or name it with NodeApp's node=, and check directory="
                % (node[0], directory, error.strerror)
            ) from error
        finally:
            for _, theirs in pairs:
                theirs.close()
        #: Wakes the reader when the process is gone: a child of its own may hold the other end of its stdout.
        self._woken, self._wakes = socket.socketpair()
        self._reader = threading.Thread(target=self._forward, name="wsgi-bridge-node-log", daemon=True)
        self._reader.start()
        self._await_start(timeout)

    @property
    def alive(self) -> bool:
        """False once the process has ended."""
        if self._child.poll() is None:
            return True
        self._gone()
        return False

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._child.pid

    def forget(self) -> None:
        """Closes this side's lanes: a process that lives ends with them."""
        self._control.close()
        for lane in self.lanes:
            lane.close()

    def disown(self) -> None:
        """Closes this side's descriptors and nothing more: after a fork the process belongs to the parent."""
        self.forget()
        for sock in (self._woken, self._wakes):
            sock.close()
        if self._child.stdout is not None:
            self._child.stdout.close()

    def close(self) -> None:
        """Lets the process end, and ends it where it does not."""
        self.forget()
        try:
            self._child.wait(_END_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._child.kill()
        self._wait()

    def kill(self) -> None:
        """Ends it at once."""
        self._child.kill()
        self._wait()

    def _wait(self) -> None:
        """Until it is gone, and what it said is told."""
        self._child.wait()
        self._gone()
        self._reader.join(1)  # not for ever: this process's stderr may take nothing

    def _gone(self) -> None:
        """Nothing of the process is held any more once its last words are read."""
        self._control.close()
        try:
            self._wakes.send(b"x")  # not its end alone: a process that was forked off may have a copy
        except OSError:
            return  # it was told before
        self._wakes.close()

    def _forward(self) -> None:
        stream = self._child.stdout
        if stream is None:
            return
        with stream, self._woken:
            rest = b""
            for data in _until_gone(stream, self._woken):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._tell(line)
            if rest:
                self._tell(rest)

    def _tell(self, raw: bytes) -> None:
        line = raw.decode("utf-8", "replace").rstrip("\r")
        self._tail.append(line)
        try:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):  # nobody listens any more; the pipe must be read all the same
            pass

    def _await_start(self, timeout: float) -> None:
        report = NodeLane(self._control)
        deadline = time.monotonic() + timeout
        try:
            report.timeout = max(0.0, deadline - time.monotonic())
            kind, content = report.record()
        except NodeTimeoutError:
            self._fail("Node had not loaded %s within start_timeout, %g s, and was ended" % (self.target, timeout))
        except NodeExitError:
            self._fail("Node ended before it had loaded %s" % self.target)
        else:
            if kind == fastcgi.EXCEPTION:
                pairs = fastcgi.read_pairs(content)
                self._fail(pairs.get("message", "").encode("latin-1").decode("utf-8", "replace"))

    def _fail(self, message: str) -> None:
        try:
            self._child.wait(0.5)
        except subprocess.TimeoutExpired:
            self._child.kill()
        self.forget()
        self._wait()
        said = "\n".join(self._tail)
        if any(code in said for code in _MISSING) and "wsgi-bridge" in said:
            message += "; the npm package wsgi-bridge is not found from the app's directory: run npm install wsgi-bridge there"
        raise NodeStartError(message + (":\n" + said if said else ""))


def _until_gone(stream: "IO[bytes]", woken: socket.socket) -> Iterator[bytes]:
    """What comes from a process's stdout, to its end, or until the process is gone and nothing is left there."""
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    poll.register(woken, select.POLLIN)
    left = _PIPE
    gone = False
    while left > 0:
        ready = [descriptor for descriptor, _ in poll.poll(0 if gone else None)]
        if stream.fileno() in ready:
            data = os.read(stream.fileno(), _RECEIVE)
            if not data:
                return
            left -= len(data) if gone else 0
            yield data
        elif gone:
            return
        else:
            gone = True
            poll.unregister(woken)
