/** Runs the tests that need real servers, which scripts/install-servers.sh installs. */
import { defineConfig } from "vitest/config";

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export
export default defineConfig({
  test: {
    // The two pages have tests that are skipped where nginx is not installed.
    include: ["test/servers/real/**/*.test.ts", "test/docs/{deployment,troubleshooting}.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
