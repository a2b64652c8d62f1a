/** Express alone: the upper limit for every row with Express. */
import { app } from "../apps/site.mjs";
import { serve } from "./serve.mjs";

await serve(app);
