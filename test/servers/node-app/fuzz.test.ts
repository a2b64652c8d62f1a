/** Sends 100,000 damaged records to each end of a lane between Python and Node: they can break only that lane. */
import { Duplex } from "node:stream";
import { expect, it } from "vitest";
import { RecordReader } from "../../../src/fastcgi/reader.ts";
import { FIRST_REQUEST_ID, pair, RecordType, record } from "../../../src/fastcgi/records.ts";
import { Lane } from "../../../src/servers/node-app/lane.ts";
import { toWsgi } from "../../../src/to-wsgi/express.ts";
import { below, damage } from "../../support/damage.ts";
import { seeded } from "../../support/raw-mutations.ts";
import { latin1 } from "../../support/records.ts";
import { makeSite, runPython } from "./site.ts";

const RECORDS = 100_000;
/** The number of lanes at a time. */
const BATCH = 500;

const begin = record(RecordType.BEGIN_REQUEST, FIRST_REQUEST_ID, "\0\x01\x01\0\0\0\0\0");
const end = (type: number): string => record(type, FIRST_REQUEST_ID, "");
const head = (...pairs: readonly [string, string][]): string => {
  const text = [
    ["REQUEST_METHOD", "GET"],
    ["SERVER_PROTOCOL", "HTTP/1.1"],
    ["SERVER_NAME", "a"],
    ["SERVER_PORT", "80"],
    ...pairs,
  ]
    .map(([name, value]) => pair(name as string, value as string))
    .join("");
  return record(RecordType.PARAMS, FIRST_REQUEST_ID, text) + end(RecordType.PARAMS);
};
const REQUESTS: readonly (readonly string[])[] = [
  [begin, head(["PATH_INFO", "/"]), end(RecordType.STDIN)],
  [begin, head(["CONTENT_LENGTH", "5"]), record(RecordType.STDIN, FIRST_REQUEST_ID, "hello"), end(RecordType.STDIN)],
  [begin, head(["HTTP_X", "y".repeat(300)]), end(RecordType.ABORT_REQUEST), end(RecordType.STDIN)],
];

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("WRK-05: Node's end answers each request once or closes the lane, and throws nowhere else", async () => {
  const random = seeded(20_261_124);
  const app = toWsgi((req, res) => {
    req.on("error", () => undefined).resume();
    res.end("answered");
  });
  let [records, kept, lost] = [0, 0, 0];
  while (records < RECORDS) {
    const fed = Array.from({ length: BATCH }, () => {
      const request = REQUESTS[below(random, REQUESTS.length)] as readonly string[];
      records += request.length;
      const bytes = latin1(damage(random, request.join("")));
      const out: Buffer[] = [];
      const duplex = new Duplex({
        read: () => undefined,
        write: (chunk: Buffer, _encoding, done) => {
          out.push(Buffer.from(chunk));
          done();
        },
      });
      new Lane(duplex, app);
      return { duplex, bytes, out };
    });
    await turn(); // a stream flows from the next turn on
    for (const { duplex, bytes } of fed) duplex.push(bytes);
    for (let turns = 0; turns < 4; turns += 1) await turn();
    for (const { duplex, out } of fed) {
      if (duplex.destroyed) lost += 1;
      else kept += 1;
      const types: number[] = [];
      new RecordReader((type) => types.push(type)).push(Buffer.concat(out)); // throws unless all of it is records
      if (!duplex.destroyed && types.length > 0) expect(types.at(-1)).toBe(RecordType.END_REQUEST);
      duplex.destroy();
    }
    await turn();
  }
  expect(kept).toBeGreaterThan(1000);
  expect(lost).toBeGreaterThan(1000);
});

const PYTHON = `
import random, socket
from wsgi_bridge import fastcgi
from wsgi_bridge.node_lane import NodeLane
from wsgi_bridge.node_request import Body
from wsgi_bridge.node_response import NodeResponse

def out(text): return fastcgi.record(fastcgi.STDOUT, 1, text)
END = fastcgi.record(fastcgi.END_REQUEST, 1, bytes(8))
RESPONSES = [
    [out(b"Status: 200 OK\\r\\nContent-Type: text/plain\\r\\n\\r\\nhello"), END],
    [out(b"Status: 404 Not Found\\r\\n"), out(b"X-A: b\\r\\n\\r\\n"), fastcgi.record(fastcgi.STDERR, 1, b"log"), END],
    [fastcgi.record(fastcgi.EXCEPTION, 1, fastcgi.pairs((("message", "m"), ("stack", "s")))), END],
]
chance = random.Random(20261124)

def damage(data):
    data = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(4)
        if kind == 0: data[at:at + 1] = bytes((chance.randrange(256),))
        elif kind == 1: del data[at:at + 1 + chance.randrange(12)]
        elif kind == 2: del data[at:]
        else: data[at:at] = bytes(chance.randrange(256) for _ in range(8))
    return bytes(data)

class Log:
    def write(self, text): pass
    def flush(self): pass

records = fine = failed = 0
while records < ${RECORDS}:
    response = RESPONSES[chance.randrange(len(RESPONSES))]
    records += len(response)
    ours, theirs = socket.socketpair()
    lane = NodeLane(ours)
    released = []
    lane.begin(b"", True)
    theirs.sendall(damage(b"".join(response)))
    theirs.shutdown(socket.SHUT_WR)
    answer = NodeResponse(lane, Body({"wsgi.input": None}), Log(), released.append)
    try:
        answer.head()
        for block in answer: pass
        fine += 1
    except NodeError:
        failed += 1
    answer.close()
    assert len(released) == 1, released
    ours.close(); theirs.close()
print(fine > 1000, failed > 1000)`;

it("WRK-05: Python's end returns a complete response or raises a NodeError, and gives its lane back once", async () => {
  expect(await runPython(makeSite(), PYTHON)).toEqual(["True True"]);
}, 60_000);
