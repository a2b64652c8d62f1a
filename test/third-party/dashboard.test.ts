/** Dash, driven by Chromium. */
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { PLACES, useSite } from "./hosting.ts";
import { systemProgram } from "./run.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: systemProgram("chromium"),
    args: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"], // nothing is loaded from other machines
  });
});
afterAll(() => browser?.close());

describe.each(PLACES)("Dash in $name", (place) => {
  const site = useSite(place, "dashboard:app");

  it("loads its page, runs a callback for a click, and causes no error in the browser", async () => {
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    const errors: string[] = [];
    const requests: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("response", (response) => {
      requests.push(`${response.request().method()} ${response.url()}`);
      if (response.status() >= 400) errors.push(`${response.status()} for ${response.url()}`);
    });

    await page.goto(`${site.url}/`);
    await page.fill("#name", "Zoë");
    await page.click("#greet");
    await page.getByText("Hello, Zoë (1)").waitFor();
    await page.click("#greet");
    await page.getByText("Hello, Zoë (2)").waitFor();

    expect(errors).toEqual([]);
    expect(requests.filter((line) => line.startsWith(`POST ${site.url}/_dash-update-component`))).toHaveLength(2);
    expect(requests.filter((line) => !line.includes(` ${site.url}/`))).toEqual([]);
  });
});
