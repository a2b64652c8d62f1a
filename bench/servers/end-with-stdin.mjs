/** Preloaded into a program that stops on a signal, so that it also stops when its stdin ends. */
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));
process.stdin.resume().unref();
