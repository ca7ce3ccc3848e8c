/**
 * The fenced blocks of a document, with the mark that may stand before each as an HTML comment:
 * `run` (played on a host, its output compared; `run: NAME` after something that happens first), `file: PATH` (what it says
 * is put there), `log: relay` (lines that the relay has logged). A comment that goes on around the block hides it. Pure.
 */

export interface Block {
  /** The mark's first word and what follows it; empty where there is no mark. */
  readonly mark: string;
  readonly detail: string;
  /** The fence's language. */
  readonly language: string;
  /** What stands between the fences, with a line break at its end. */
  readonly text: string;
  /** Where `text` begins in the document, in characters. */
  readonly offset: number;
}

/** One command of a console, and what stands below it. */
export interface Command {
  readonly line: string;
  readonly output: readonly string[];
}

/** Every block, in the document's order. */
export function blocksIn(document: string): Block[] {
  const found = document.matchAll(/^(?:<!-- (\w+)(?:[:,] (.+?))?(?: -->)?\n)?```(\w*)\n(.*?)^```$/gms);
  return Array.from(found, (match) => {
    const [whole, mark = "", detail = "", language = "", text = ""] = match;
    return { mark, detail, language, text, offset: match.index + whole.length - "```".length - text.length };
  });
}

/** The commands of a console: lines that begin with `$ `. */
export function commandsIn({ text }: Block): Command[] {
  const parts = text.split(/^\$ /m).slice(1);
  return parts.map((part) => {
    const [line = "", ...output] = part.trimEnd().split("\n");
    return { line, output };
  });
}

/** A console of these commands. */
export function consoleOf(commands: readonly Command[]): string {
  return commands.map(({ line, output }) => `${[`$ ${line}`, ...output].join("\n")}\n`).join("");
}

/** The lines of all `json` blocks of a text: one value each. */
export function jsonLinesIn(text: string): string[] {
  const json = blocksIn(text).filter(({ language }) => language === "json");
  return json.flatMap(({ text: lines }) => lines.split("\n").filter((line) => line !== ""));
}
