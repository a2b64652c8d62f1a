/** Runs the tests with foreign applications, whose clients scripts/install-apps.sh installs. */
import { defineConfig } from "vitest/config";

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export
export default defineConfig({
  test: {
    include: ["test/third-party/*.test.ts"],
    maxWorkers: 2, // clients and apps often wait for each other
    testTimeout: 60_000,
    hookTimeout: 60_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
