/** WRK-08: a client disconnects while Python handles its request. */
import { expect, it } from "vitest";
import { hostPython } from "../support/python.ts";
import { runPythonProgram } from "../support/python-program.ts";
import { brought, rawConnection, rawGet } from "../support/server.ts";

/** Disconnects after the response has begun. There is one thread, so the next request waits until this one has ended. */
async function disconnect(port: number, request: string): Promise<void> {
  const socket = await rawConnection(port, request);
  await brought(socket, "200 OK");
  socket.destroy();
}

it.each([
  ["blocks", "GET /blocks HTTP/1.1\r\nHost: a\r\n\r\n", "blocks closed"],
  ["write()", "GET /writes HTTP/1.1\r\nHost: a\r\n\r\n", "the client has disconnected, so the response cannot be sent"],
  ["client_disconnected()", "GET /asks HTTP/1.1\r\nHost: a\r\n\r\n", "asked False,gone,asks closed"],
  [
    "client_disconnected(), behind 300 KB of unread body",
    `POST /asks HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n${"z".repeat(300_000)}`,
    "asked False,gone,asks closed",
  ],
])(
  "ends a response that uses %s, closes the result and frees the thread, without an error",
  async (_, request, told) => {
    const { port, logger } = await hostPython("leaving:application", { threads: 1 });
    const started = logger.text;
    await disconnect(port, request);
    expect((await rawGet(port, "/told")).body).toBe(told);
    expect(logger.text).toBe(started);
  },
);

it("client_disconnected() never waits, whatever part of a record has arrived", () => {
  const program = `
import socket
from wsgi_bridge import fastcgi
from wsgi_bridge.lane import Lane

ours, node = socket.socketpair()
lane = Lane(ours)
begin = fastcgi.record(fastcgi.BEGIN_REQUEST, 1, bytes((0, 1, 1, 0, 0, 0, 0, 0)))
params = fastcgi.record(fastcgi.PARAMS, 1, fastcgi.pairs((("A", "b"),))) + fastcgi.record(fastcgi.PARAMS, 1, b"")
body = fastcgi.record(fastcgi.STDIN, 1, b"hello")
abort = fastcgi.record(fastcgi.ABORT_REQUEST, 1, b"")
node.sendall(begin + params)
print(lane.next_request())
for byte in body + abort:
    print(lane.inbound.client_disconnected(1), end=" ")
    node.sendall(bytes((byte,)))
print(lane.inbound.client_disconnected(1), lane.inbound.read_stdin(1))`;
  const said = runPythonProgram(["-c", program]);
  expect(said).toBe(`{'A': 'b'}\n${"False ".repeat(13 + 8)}True b'hello'\n`);
});
