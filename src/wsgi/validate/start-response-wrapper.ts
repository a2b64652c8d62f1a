/** `startResponse` and `write()` between an app and a gateway. Knows who passes what; the order is the watch's. */
import type { StartResponse, Write } from "../types.ts";
import type { ResponseWatch } from "./response-watch.ts";
import { isThenable, show } from "./show.ts";
import { appBroke, gatewayBroke } from "./validation-error.ts";

/** What the app is given for the gateway's `startResponse`. */
export function wrapStartResponse(startResponse: StartResponse, watch: ResponseWatch): StartResponse {
  return (...args: unknown[]): Write => {
    if (args.length < 2 || args.length > 3) {
      throw appBroke(
        "VAL-17",
        `startResponse got ${args.length} arguments`,
        "Pass status, headers and, after an error, excInfo.",
      );
    }
    const head = watch.call(args[0], args[1], args[2]);
    // As many as came: whoever counts them sees what the app did.
    const write: unknown = startResponse(...(args as Parameters<StartResponse>));
    if (typeof write !== "function") {
      throw gatewayBroke("VAL-17", `startResponse returned ${show(write)}`, "Return the function write.");
    }
    watch.accept(head);
    return wrapWrite(write as Write, watch);
  };
}

function wrapWrite(write: Write, watch: ResponseWatch): Write {
  return (...args: unknown[]): Promise<void> => {
    const [block] = args;
    if (args.length !== 1 || !(block instanceof Uint8Array)) {
      const got = args.length === 1 ? show(block) : `${args.length} arguments`;
      throw appBroke("VAL-28", `write() got ${got}`, "Pass one Uint8Array; Buffer.from(text) makes one.");
    }
    watch.write(block);
    const written: unknown = write(block);
    if (!isThenable(written)) {
      throw gatewayBroke("VAL-28", `write() returned ${show(written)}`, "Return a promise, so that the app can wait.");
    }
    return written as Promise<void>;
  };
}
