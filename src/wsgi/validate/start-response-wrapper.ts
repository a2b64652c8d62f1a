/** Wraps `startResponse` and `write()`. Checks arguments and results; `ResponseWatch` checks the order. */
import type { StartResponse, Write } from "../types.ts";
import type { ResponseWatch } from "./response-watch.ts";
import { isThenable, show } from "./show.ts";
import { appError, gatewayError } from "./validation-error.ts";

/** Returns a `startResponse` for the app that checks its calls and passes them on. */
export function wrapStartResponse(startResponse: StartResponse, watch: ResponseWatch): StartResponse {
  return (...args: unknown[]): Write => {
    if (args.length < 2 || args.length > 3) {
      throw appError(
        "VAL-17",
        `startResponse got ${args.length} arguments`,
        "Pass status, headers and, after an error, excInfo.",
      );
    }
    const head = watch.call(args[0], args[1], args[2]);
    // Passes on exactly the app's arguments, because some gateways count them.
    const write: unknown = startResponse(...(args as Parameters<StartResponse>));
    if (typeof write !== "function") {
      throw gatewayError("VAL-17", `startResponse returned ${show(write)}`, "Return a write function.");
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
      throw appError("VAL-28", `write() got ${got}`, "Pass one Uint8Array, for example Buffer.from(text).");
    }
    watch.write(block);
    const written: unknown = write(block);
    if (!isThenable(written)) {
      throw gatewayError("VAL-28", `write() returned ${show(written)}`, "Return a promise, so that the app can wait.");
    }
    return written as Promise<void>;
  };
}
