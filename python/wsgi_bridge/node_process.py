"""One Node process and its lanes. Knows how to start and to end it; knows no request."""

import socket
import subprocess
import sys
import threading
import time
from collections import deque
from typing import Deque, Dict, List, Optional, Sequence

from . import fastcgi
from .node_errors import NodeExitError, NodeStartError, NodeTimeoutError
from .node_lane import NodeLane

_PROGRAM = 'import "wsgi-bridge/node-app"'
_TAIL_LINES = 40
#: Seconds for a process that was asked to end.
_END_TIMEOUT = 5.0
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
        self._reader = threading.Thread(target=self._forward, name="wsgi-bridge-node-log", daemon=True)
        self._reader.start()
        self._await_start(timeout)

    @property
    def alive(self) -> bool:
        """False once the process has ended."""
        return self._child.poll() is None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._child.pid

    def forget(self) -> None:
        """Closes this side's descriptors and nothing more: after a fork the process belongs to the parent."""
        self._control.close()
        for lane in self.lanes:
            lane.close()

    def close(self) -> None:
        """Lets the process end, and ends it where it does not."""
        self.forget()
        try:
            self._child.wait(_END_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
        self._reader.join(1)

    def kill(self) -> None:
        """Ends it at once."""
        self._child.kill()
        self._child.wait()

    def _forward(self) -> None:
        stream = self._child.stdout
        if stream is None:
            return
        with stream:
            for raw in stream:
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
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
            self.kill()
        self.forget()
        self._reader.join(1)
        said = "\n".join(self._tail)
        if any(code in said for code in _MISSING) and "wsgi-bridge" in said:
            message += "; the npm package wsgi-bridge is not found from the app's directory: run npm install wsgi-bridge there"
        raise NodeStartError(message + (":\n" + said if said else ""))
