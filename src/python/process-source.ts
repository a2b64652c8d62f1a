/** How the processes of a generation are started: each by itself, or forked from a template. Knows no slot. */
import { Child, type ChildEvents } from "./child.ts";
import { launch } from "./launch.ts";
import type { PythonAppSettings } from "./settings.ts";
import { Template } from "./template.ts";

export interface ProcessSource {
  readonly settings: PythonAppSettings;
  /** True if no process is left but those that `start()` has returned. */
  readonly hasEnded: boolean;
  start(events: ChildEvents): Child;
  /** Called when no more processes are needed. */
  retire(): void;
}

/** @param onEnded is called when `hasEnded` has become true */
export function processSource(settings: PythonAppSettings, onEnded: () => void): ProcessSource {
  return settings.preload ? new ForkingSource(settings, onEnded) : new LaunchingSource(settings);
}

/** Each process loads the application for itself. */
class LaunchingSource implements ProcessSource {
  readonly settings: PythonAppSettings;
  readonly hasEnded = true;

  constructor(settings: PythonAppSettings) {
    this.settings = settings;
  }

  start(events: ChildEvents): Child {
    return new Child(this.settings, events, () => launch(this.settings));
  }

  retire(): void {
    // nothing runs beside the processes
  }
}

/** A template loads the application. When it has ended, the next process gets a new one. */
class ForkingSource implements ProcessSource {
  readonly settings: PythonAppSettings;
  readonly #onEnded: () => void;
  readonly #templates: Set<Template> = new Set();
  #current: Template | undefined;

  constructor(settings: PythonAppSettings, onEnded: () => void) {
    this.settings = settings;
    this.#onEnded = onEnded;
  }

  get hasEnded(): boolean {
    return this.#templates.size === 0;
  }

  start(events: ChildEvents): Child {
    if (this.#current?.isUsable !== true) this.#current = this.#load();
    return this.#current.fork(events);
  }

  retire(): void {
    for (const template of this.#templates) template.retire();
  }

  #load(): Template {
    const template: Template = new Template(this.settings, () => {
      this.#templates.delete(template);
      this.#onEnded();
    });
    this.#templates.add(template);
    return template;
  }
}
