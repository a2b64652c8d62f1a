"""A thread waits for the rest of a body when its request ends, and Node ends the body early. Prints what the thread gets."""

import socket
import threading

from wsgi_bridge import fastcgi
from wsgi_bridge.lane import Lane

node, worker = socket.socketpair()
begin = fastcgi.record(fastcgi.BEGIN_REQUEST, 1, bytes((0, fastcgi.RESPONDER, fastcgi.KEEP_CONN, 0, 0, 0, 0, 0)))
node.sendall(begin + fastcgi.record(fastcgi.PARAMS, 1, b"") + fastcgi.record(fastcgi.STDIN, 1, b"a part"))
lane = Lane(worker)
lane.next_request()
lane.inbound.read_stdin(1)
outcome = []


def read():
    try:
        outcome.append("got %d bytes" % len(lane.inbound.read_stdin(1)))
    except ValueError as error:
        outcome.append(type(error).__name__)


thread = threading.Thread(target=read)
thread.start()
while not lane.inbound._receiving.locked():
    pass
lane.end(0)
node.sendall(fastcgi.record(fastcgi.STDIN, 1, b""))
thread.join(10)
print(*outcome)
