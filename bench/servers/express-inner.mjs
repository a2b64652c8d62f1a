/** The Express app as a WSGI app on Node's HTTP server: shows the cost of WSGI in both directions. */
import { fromWsgi, toWsgi } from "wsgi-bridge";
import { app } from "../apps/site.mjs";
import { serve } from "./serve.mjs";

await serve(fromWsgi(toWsgi(app)));
