/** Python's end of a lane reads requests correctly, in whatever pieces they arrive (CONFORMANCE WRK-05). */
import { expect, it } from "vitest";
import { runPythonProgram } from "../support/python-program.ts";

/** Builds requests with and without a body, and reads all requests of a lane. */
const REQUESTS = `
from wsgi_bridge import fastcgi
from wsgi_bridge.lane import Lane

def request(number, params, body):
    begin = fastcgi.record(fastcgi.BEGIN_REQUEST, number, bytes((0, fastcgi.RESPONDER, fastcgi.KEEP_CONN, 0, 0, 0, 0, 0)))
    records = [begin, *fastcgi.stream(fastcgi.PARAMS, number, fastcgi.pairs(params)), fastcgi.record(fastcgi.PARAMS, number, b"")]
    return b"".join((*records, *fastcgi.stream(fastcgi.STDIN, number, body), fastcgi.record(fastcgi.STDIN, number, b"")))

def read_all(lane):
    number = 0
    for params in iter(lane.next_request, None):
        number += 1
        body = b"".join(iter(lambda: lane.inbound.read_stdin(number), b""))
        yield params, body
        lane.end(0)
`;

it("reads a request that arrives in two pieces, cut anywhere", () => {
  const program = `${REQUESTS}
class Pieces:
    """A socket that returns these pieces, then end of file."""
    def __init__(self, *pieces): self.pieces = list(pieces)
    def recv(self, count, flags=0): return self.pieces.pop(0) if self.pieces else b""
    def sendall(self, data): pass

cuts = 0
for params, body in ((), b""), ((("A", "b"), ("C", "")), b""), ((("A", "b" * 300),), b"hello"), ((), b"hello"):
    whole = request(1, params, body)
    for cut in range(1, len(whole)):
        got = list(read_all(Lane(Pieces(whole[:cut], whole[cut:] + request(2, (), b"next")))))
        assert got == [(dict(params), body), ({}, b"next")], (params, cut, got)
        cuts += 1
print(cuts)`;
  expect(runPythonProgram(["-c", program])).toBe("479\n");
});

it("loses nothing when a signal handler raises while it waits for a part of the body", () => {
  const program = `${REQUESTS}
import socket

class Alarm(Exception):
    pass

class Interrupted:
    """A socket that returns these pieces, with an exception before each of them but the first."""
    def __init__(self, *pieces): self.pieces = [item for piece in pieces for item in (Alarm, piece)][1:]
    def recv(self, count, flags=0):
        if flags & socket.MSG_DONTWAIT and self.pieces[:1] == [Alarm]: raise BlockingIOError
        item = self.pieces.pop(0) if self.pieces else b""
        if item is Alarm: raise Alarm
        return item
    def sendall(self, data): pass

cuts = 0
body = b"hello"
whole = request(1, (), body)
for cut in range(whole.index(body) - 8, len(whole)):  # from the header of the body's record on
    for second in range(cut + 1, len(whole)):
        lane = Lane(Interrupted(whole[:cut], whole[cut:second], whole[second:]))
        while True:  # the first exception may come before the request is handed over
            try: params = lane.next_request()
            except Alarm: continue
            break
        got = b""
        while True:
            try: piece = lane.inbound.read_stdin(1)
            except Alarm: continue
            if not piece: break
            got += piece
        assert got == body, (cut, second, got)
        cuts += 1
print(cuts)`;
  expect(Number(runPythonProgram(["-c", program]))).toBeGreaterThan(100);
});

it.each([
  ["in one piece", 1],
  ["in pieces of one byte", 1000],
])("reads requests that arrive %s", (_, pieces) => {
  const program = `${REQUESTS}
import socket, threading

ours, node = socket.socketpair()
def feed():
    for number, size in enumerate((0, 3, 200, 70000), 1):
        whole = request(number, (("A", "b" * size), ("C", "")), b"")
        step = max(1, len(whole) // ${pieces})
        for at in range(0, len(whole), step):
            node.sendall(whole[at:at + step])
    node.shutdown(socket.SHUT_WR)
threading.Thread(target=feed, daemon=True).start()
for params, body in read_all(Lane(ours)):
    print(len(params["A"]), repr(params["C"]), body)`;
  const said = runPythonProgram(["-c", program]);
  expect(said).toBe("0 '' b''\n3 '' b''\n200 '' b''\n70000 '' b''\n");
});
