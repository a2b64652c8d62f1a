"""One Node process and its lanes. Starts it, logs its output and ends it. Knows no request."""

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
#: How many of the last lines of output the error of a failed start contains.
_TAIL_LINES = 40
#: Seconds that a process may take to exit after its lanes were closed.
_EXIT_TIMEOUT = 5.0
_RECEIVE = 65536
#: The most bytes to read after the process has exited. Its pipe holds no more, but a descendant may write for ever.
_PIPE = 1024 * 1024
#: Node's error codes for a package that is not installed.
_MISSING = ("ERR_MODULE_NOT_FOUND", "ERR_PACKAGE_PATH_NOT_EXPORTED")


class NodeProcess:
    """A running Node process. The constructor starts it and waits until it has loaded the app. Raises NodeStartError."""

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
            # In its own session Node does not get Ctrl-C. The server gets it, and ends Node when the requests have ended.
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
            self.close_sockets()
            raise NodeStartError(
                "%s cannot be run in %s (%s); install Node 20.19 or later, or name it with NodeApp's node=; check directory= too"
                % (node[0], directory, error.strerror)
            ) from error
        finally:
            for _, theirs in pairs:
                theirs.close()
        #: Tells the reader thread that the process has exited. Its stdout may stay open, if a descendant holds the other end.
        self._exit_reader, self._exit_writer = socket.socketpair()
        self._reader = threading.Thread(target=self._forward, name="wsgi-bridge-node-log", daemon=True)
        self._reader.start()
        self._await_start(timeout)

    @property
    def alive(self) -> bool:
        """False once the process has ended."""
        if self._child.poll() is None:
            return True
        self._release()
        return False

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._child.pid

    def close_sockets(self) -> None:
        """Closes this side of the lanes, which makes a running process exit."""
        self._control.close()
        for lane in self.lanes:
            lane.close()

    def disown(self) -> None:
        """Closes this side's descriptors and does nothing else: after a fork the process belongs to the parent."""
        self.close_sockets()
        for sock in (self._exit_reader, self._exit_writer):
            sock.close()
        if self._child.stdout is not None:
            self._child.stdout.close()

    def close(self) -> None:
        """Lets the process exit, and kills it if it does not."""
        self.close_sockets()
        try:
            self._child.wait(_EXIT_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._child.kill()
        self._wait()

    def kill(self) -> None:
        """Kills the process at once."""
        self._child.kill()
        self._wait()

    def _wait(self) -> None:
        """Waits until the process has exited and its output is logged."""
        self._child.wait()
        self._release()
        self._reader.join(1)  # with a limit, because writing to this process's stderr may block

    def _release(self) -> None:
        """Called when the process has exited. The reader thread closes the other descriptors when it has read the output."""
        self._control.close()
        try:
            self._exit_writer.send(b"x")  # closing alone is not enough: a forked child may have a copy of the descriptor
        except OSError:
            return  # already released
        self._exit_writer.close()

    def _forward(self) -> None:
        """Logs the process's output. Runs in the reader thread."""
        stream = self._child.stdout
        if stream is None:
            return
        with stream, self._exit_reader:
            rest = b""
            for data in _read_until_exit(stream, self._exit_reader):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._log(line)
            if rest:
                self._log(rest)

    def _log(self, raw: bytes) -> None:
        line = raw.decode("utf-8", "replace").rstrip("\r")
        self._tail.append(line)
        try:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):  # stderr is closed, but the pipe must still be read
            pass

    def _await_start(self, timeout: float) -> None:
        report = NodeLane(self._control)
        deadline = time.monotonic() + timeout
        try:
            report.timeout = max(0.0, deadline - time.monotonic())
            kind, content = report.record()
        except NodeTimeoutError:
            self._fail("Node did not load %s within start_timeout, %g s, and was killed" % (self.target, timeout))
        except NodeExitError:
            self._fail("Node ended before it had loaded %s" % self.target)
        else:
            if kind == fastcgi.EXCEPTION:
                pairs = fastcgi.read_pairs(content)
                self._fail(pairs.get("message", "").encode("latin-1").decode("utf-8", "replace"))

    def _fail(self, message: str) -> None:
        """Ends the process and raises NodeStartError with its output."""
        try:
            self._child.wait(0.5)
        except subprocess.TimeoutExpired:
            self._child.kill()
        self.close_sockets()
        self._wait()
        output = "\n".join(self._tail)
        if any(code in output for code in _MISSING) and "wsgi-bridge" in output:
            message += "; Node cannot find the npm package wsgi-bridge in the app's directory: run npm install wsgi-bridge there"
        raise NodeStartError(message + (":\n" + output if output else ""))


def _read_until_exit(stream: "IO[bytes]", exit_reader: socket.socket) -> Iterator[bytes]:
    """Yields what a process writes to its stdout: to the end of file, or until it has exited and the pipe is empty."""
    poll = select.poll()
    poll.register(stream, select.POLLIN)
    poll.register(exit_reader, select.POLLIN)
    left = _PIPE
    exited = False
    while left > 0:
        ready = [descriptor for descriptor, _ in poll.poll(0 if exited else None)]
        if stream.fileno() in ready:
            data = os.read(stream.fileno(), _RECEIVE)
            if not data:
                return
            left -= len(data) if exited else 0
            yield data
        elif exited:
            return
        else:
            exited = True
            poll.unregister(exit_reader)
