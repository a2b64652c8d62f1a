"""The template's end of the handover socket. Knows descriptors; knows no process."""

import array
import os
import socket
import struct
from typing import Dict, List, Optional, Set, Tuple

#: The worker's number, and how many descriptors it gets. See handover.py.
_HEAD = struct.Struct(">II")
#: How many descriptors one message can have. Each is an int of C.
_AT_ONCE = 253


class Handovers:
    """Collects the descriptors of each worker, which may arrive in several messages, and between those of other workers."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        sock.set_inheritable(False)
        self._incomplete: Dict[int, List[int]] = {}
        #: Workers whose descriptors this process could not open.
        self._failed: Set[int] = set()

    def fileno(self) -> int:
        """For poll()."""
        return self._sock.fileno()

    def receive(self) -> Optional[Tuple[int, List[int]]]:
        """
        Receives one message. Returns a worker's number and all its descriptors; no descriptors if this process cannot open them.
        Returns None if more are to come.
        """
        space = socket.CMSG_SPACE(_AT_ONCE * array.array("i").itemsize)
        head, ancillary, flags, _ = self._sock.recvmsg(_HEAD.size, space)
        received = [descriptor for _, _, data in ancillary for descriptor in _descriptors(data)]
        for descriptor in received:
            os.set_inheritable(descriptor, False)
        if len(head) < _HEAD.size:
            return None  # Node has exited, which the control lane tells as well
        number, count = _HEAD.unpack(head)
        descriptors = self._incomplete.pop(number, []) + received
        if flags & socket.MSG_CTRUNC or number in self._failed:
            _close(descriptors)
            reported = number in self._failed
            self._failed.add(number)
            return None if reported else (number, [])
        if len(descriptors) == count:
            return number, descriptors
        self._incomplete[number] = descriptors
        return None

    def close(self) -> None:
        """Called in a forked process, which must hold no lane of another worker."""
        self._sock.close()
        for descriptors in self._incomplete.values():
            _close(descriptors)


def _descriptors(data: bytes) -> List[int]:
    received = array.array("i")
    received.frombytes(data[: len(data) - len(data) % received.itemsize])
    return received.tolist()


def _close(descriptors: List[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
