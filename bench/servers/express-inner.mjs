/** The same app as a WSGI app, on Node's HTTP server: what both ways across WSGI cost. */
import { fromWsgi, toWsgi } from "wsgi-bridge";
import { app } from "../apps/site.mjs";
import { serve } from "./serve.mjs";

await serve(fromWsgi(toWsgi(app)));
