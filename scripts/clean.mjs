/** Deletes the output of the build, so that files deleted from `src` do not stay in `dist`. */
import { rmSync } from "node:fs";

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
