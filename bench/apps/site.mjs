/** An Express app that answers by itself: what stands alone, is mounted inside Python, or is asked by Python over HTTP. */
import express from "express";

export const app = express();
app.get("/", (_req, res) => res.send("Hello, World!"));
