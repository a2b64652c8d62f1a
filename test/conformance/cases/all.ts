/** All cases in one list. */
import type { Case } from "../types.ts";
import { BODYLESS } from "./bodyless.ts";
import { ENVIRON } from "./environ.ts";
import { ENVIRON_KINDS } from "./environ-kinds.ts";
import { ERRORS } from "./errors.ts";
import { FILES } from "./files.ts";
import { FRAMEWORKS } from "./frameworks.ts";
import { HEADERS } from "./headers.ts";
import { HEADS } from "./heads.ts";
import { INPUT } from "./input.ts";
import { ITERATION } from "./iteration.ts";
import { LENGTH } from "./length.ts";
import { START_RESPONSE } from "./start-response.ts";
import { WRITE } from "./write.ts";

export const CASES: readonly Case[] = [
  ENVIRON,
  ENVIRON_KINDS,
  INPUT,
  START_RESPONSE,
  HEADS,
  HEADERS,
  LENGTH,
  BODYLESS,
  ITERATION,
  WRITE,
  ERRORS,
  FILES,
  FRAMEWORKS,
].flat();
