"""How the time that NodeLane takes grows with what it receives: the largest ratio for four times the input, on stdout."""

import sys
import time

from wsgi_bridge import fastcgi
from wsgi_bridge.node_lane import NodeLane


class Received:
    """A socket in which everything has arrived, so that the lane's own work is measured and not the system's."""

    def __init__(self, data):
        self._pieces = [data]

    def setblocking(self, flag):
        """Never waits."""

    def recv(self, count):
        """All of it at once, as the lane collects it while it sends."""
        if not self._pieces:
            raise BlockingIOError
        return self._pieces.pop()

    def send(self, data):
        """Takes everything."""
        return len(data)


def seconds(length):
    """The processor time for records of 8 bytes, which have no content."""
    lane = NodeLane(Received(fastcgi.header(fastcgi.STDOUT, fastcgi.FIRST_REQUEST_ID, 0) * (length // 8)))
    lane.begin(b"", True)
    start = time.process_time()
    while lane.ready_record() is not None:
        pass
    return time.process_time() - start


most, tries = float(sys.argv[1]), int(sys.argv[2])
lengths = (16 * 1024, 64 * 1024, 256 * 1024)
least = float("inf")
for _ in range(tries):
    # The quickest of three: a disturbance that meets one of them does not count.
    times = [min(seconds(length) for _ in range(3)) for length in lengths]
    least = min(least, max(after / before for before, after in zip(times, times[1:])))
    if least <= most:
        break
print(least)
