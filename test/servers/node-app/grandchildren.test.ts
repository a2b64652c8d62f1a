/** Processes that the JavaScript app starts and leaves behind hold Node's stdout. Python does not wait for them. */
import { describe, expect, it } from "vitest";
import { makeSite, runPython } from "./site.ts";

/** Its children live on for 25 s, or until a test kills them. */
const SITE = {
  "leaves.mjs": `
    import { spawn } from "node:child_process";
    export default (req, res) => {
      const child = spawn("sleep", ["25"], { stdio: ["ignore", "inherit", "inherit"] });
      child.unref();
      if (req.url === "/die") {
        process.stderr.write("x".repeat(200_000) + "\\n" + "the very last word", () => process.exit(7));
      } else {
        res.setHeader("Content-Type", "text/plain");
        res.end(String(child.pid));
      }
    };`,
};

const COMMON = `
import os, signal, threading
pids = []
def leave(app):
    pids.append(int(call(app, "/")[1]))
def readers():
    return sum(thread.name == "wsgi-bridge-node-log" for thread in threading.enumerate())
def descriptors():
    return len(os.listdir("/proc/self/fd"))
`;

describe("ISO-10: a process that the JavaScript app left behind", () => {
  it("keeps no thread and no descriptor of Python's after close()", async () => {
    const program = `${COMMON}
before = descriptors()
for _ in range(3):
    app = NodeApp("leaves.mjs")
    leave(app)
    app.close()
print(readers(), descriptors() - before)
for pid in pids: os.kill(pid, signal.SIGKILL)  # they were alive`;
    expect(await runPython(makeSite(SITE), program)).toEqual(["0 0"]);
  });

  it("keeps nothing of a Node that died, and the error has its last output", async () => {
    const program = `${COMMON}
import io, sys
app = NodeApp("leaves.mjs")
leave(app)
before = descriptors()
sys.stderr = io.StringIO()
for _ in range(3):
    show(app, "/die", "POST", b"x")
said, sys.stderr = sys.stderr.getvalue(), sys.__stderr__
leave(app)
print(said.count("x" * 200_000 + "\\nthe very last word\\n"), readers(), descriptors() - before)
app.close()`;
    expect((await runPython(makeSite(SITE), program)).at(-1)).toBe("3 1 0");
  });
});
