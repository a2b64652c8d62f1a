/** Radicale, driven by the client `caldav`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PLACES, useSite } from "./hosting.ts";
import { appsProgram, succeed } from "./run.ts";

const CLIENT = fileURLToPath(new URL("clients/calendar_client.py", import.meta.url));

/** Writes the settings of Radicale and names them. */
function configure(folder: string): Record<string, string> {
  const file = join(folder, "radicale.ini");
  const users = join(folder, "users");
  writeFileSync(users, "zoe:sesame\n");
  writeFileSync(
    file,
    `[auth]
type = htpasswd
htpasswd_filename = ${users}
htpasswd_encryption = plain
[storage]
filesystem_folder = ${join(folder, "collections")}
`,
  );
  return { RADICALE_CONFIG: file };
}

describe.each(PLACES)("Radicale in $name", (place) => {
  const site = useSite(place, "radicale:application", configure);

  it("creates, finds, changes and deletes calendars and events for the caldav client", async () => {
    const output = await succeed(appsProgram("python"), [CLIENT, `${site.url}/`], site);
    expect(JSON.parse(output)).toEqual({
      principal: `${place.path}/zoe/`,
      calendars: [[`${place.path}/zoe/office/`, "Büro"]],
      day: ["Daily", "Frühstück ☕"],
      "week later": ["Daily"],
      todos: ["Write the report"],
      changed: ["daily.ics", "meeting.ics"],
      "day after": ["Lunch"],
      "calendars after": 0,
    });
  });
});
