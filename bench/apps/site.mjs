/** An Express app that is served alone, mounted inside Python, or called by Python over HTTP. */
import express from "express";

export const app = express();
app.get("/", (_req, res) => res.send("Hello, World!"));
