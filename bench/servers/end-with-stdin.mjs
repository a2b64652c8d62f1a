/** Preloaded into a program that ends by a signal, so that it too ends with the bench. Knows nothing of the program. */
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM"));
process.stdin.resume().unref();
