/** The program that Python's `NodeApp` starts. Loads an app and serves it on inherited lanes. Knows no record. */
import { Socket } from "node:net";
import { MAX_CONTENT, NULL_REQUEST_ID, pair, RecordType, record } from "../../fastcgi/records.ts";
import { describe } from "../../wsgi/log.ts";
import { guardProcess } from "./guard.ts";
import { Lane } from "./lane.ts";
import { load } from "./load.ts";

const [target = "", descriptors = ""] = process.argv.slice(-2);
const [control, ...lanes] = descriptors.split(",").map(Number);

/** Reports on the control lane that the app is loaded, or why not. Exits when Python closes the control lane. */
async function main(): Promise<void> {
  const report = new Socket({ fd: control as number, readable: true, writable: true });
  report.on("error", () => process.exit()).on("close", () => process.exit());
  report.resume();
  guardProcess();
  try {
    const app = await load(target, process.cwd());
    for (const fd of lanes) new Lane(new Socket({ fd, readable: true, writable: true }), app);
    report.write(record(RecordType.GET_VALUES_RESULT, NULL_REQUEST_ID, ""), "latin1");
  } catch (error) {
    const text = `${target} cannot be loaded: ${describe(error)}`;
    const message = Buffer.from(text)
      .toString("latin1")
      .slice(0, MAX_CONTENT / 2);
    report.end(record(RecordType.EXCEPTION, NULL_REQUEST_ID, pair("message", message)), "latin1", () =>
      process.exit(1),
    );
  }
}

void main();
