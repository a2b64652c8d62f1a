"""
Hands descriptors over to a template: `python -I -S handover.py WORKER COUNT`. Node starts this program with the descriptors of a
worker, 1 to COUNT, and after them its own end of the template's handover socket. Ends at once: the template forks the worker.
"""

import array
import socket
import struct
import sys

#: How many descriptors the system passes in one message (SCM_MAX_FD of Linux).
_AT_ONCE = 253
#: How long the template may take to receive earlier messages, in seconds.
_TIMEOUT = 60.0


def main(worker: int, count: int) -> None:
    """Sends the descriptors. Each message has the worker's number and the count of its descriptors."""
    handover = socket.socket(fileno=count + 1)
    handover.settimeout(_TIMEOUT)
    head = struct.pack(">II", worker, count)
    for at in range(1, count + 1, _AT_ONCE):
        some = array.array("i", range(at, min(at + _AT_ONCE, count + 1)))
        handover.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, some)])


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), int(sys.argv[2]))
    except (BrokenPipeError, ConnectionResetError):
        pass  # the template has ended, which Node notices by itself
