/** Express that answers by itself: the floor under every row that has Express in it. */
import { app } from "../apps/site.mjs";
import { serve } from "./serve.mjs";

await serve(app);
