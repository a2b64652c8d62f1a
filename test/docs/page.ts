/** A page of the documentation, and the code blocks that its test uses. Knows Markdown; runs nothing. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

interface Block {
  readonly language: string;
  readonly code: string;
}

export class Page {
  readonly text: string;
  readonly #blocks: Block[];

  /** @param path from the root of the repository, such as "docs/errors.md" */
  constructor(path: string) {
    this.text = readFileSync(join(ROOT, path), "utf8");
    this.#blocks = [...this.text.matchAll(/^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm)].map((match) => ({
      language: match[1] ?? "",
      code: match[2] ?? "",
    }));
  }

  /**
   * The first block that contains the text, in this language, which no test has taken yet.
   *
   * @throws Error when there is none
   */
  take(language: string, containing = ""): string {
    const at = this.#blocks.findIndex((block) => block.language === language && block.code.includes(containing));
    const [block] = at === -1 ? [] : this.#blocks.splice(at, 1);
    if (block === undefined) throw new Error(`no ${language} block left that contains ${JSON.stringify(containing)}`);
    return block.code;
  }

  /** Takes all blocks of a language that are left. */
  takeAll(language: string): string[] {
    const taken = this.#blocks.filter((block) => block.language === language);
    for (const block of taken) this.#blocks.splice(this.#blocks.indexOf(block), 1);
    return taken.map(({ code }) => code);
  }

  /** The first lines of the blocks that no test has taken. A page's last test expects none. */
  get untested(): string[] {
    return this.#blocks.map(({ language, code }) => `${language}: ${code.split("\n", 1)[0]}`);
  }
}
