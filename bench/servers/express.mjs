/** Express that answers by itself: the floor under every row that has Express in it. */
import express from "express";
import { serve } from "./serve.mjs";

const app = express();
app.get("/", (_req, res) => res.send("Hello, World!"));
await serve(app);
