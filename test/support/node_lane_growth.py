"""Measures how the time of NodeLane grows with its input. Prints the largest ratio of times for four times the input."""

import sys
import time

from wsgi_bridge import fastcgi
from wsgi_bridge.node_lane import NodeLane


class Received:
    """A socket that has received everything, so that only the work of the lane is measured."""

    def __init__(self, data):
        self._pieces = [data]

    def setblocking(self, flag):
        """Never waits."""

    def recv(self, count):
        """Returns everything at once, as the lane collects it while it sends."""
        if not self._pieces:
            raise BlockingIOError
        return self._pieces.pop()

    def send(self, data):
        """Takes everything."""
        return len(data)


def seconds(length):
    """Returns the CPU time for records of 8 bytes, which have no content."""
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
    # The fastest of three, so that a single disturbance does not count.
    times = [min(seconds(length) for _ in range(3)) for length in lengths]
    least = min(least, max(after / before for before, after in zip(times, times[1:])))
    if least <= most:
        break
print(least)
