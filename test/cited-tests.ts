/**
 * Tests as documents name them, in the cells of tables: a link to the file, then `group › name`, with `…` for every case
 * of a test's table. Names are read off the source; nothing is run.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** One row of a table under a heading of the second level. */
export interface Row {
  readonly heading: string;
  readonly cells: readonly string[];
}

/** A test that a document names: its file, from the project's root, and its name. */
export interface CitedTest {
  readonly file: string;
  readonly name: string;
}

/** The text of a document, by its path from the project's root. */
export function documentText(path: string): string {
  return readFileSync(ROOT + path, "utf8");
}

/** The rows of all tables of a document, without their heads. */
export function rowsIn(text: string): Row[] {
  return text.split(/^## /m).flatMap((section) => {
    const [heading = "", ...lines] = section.split("\n");
    const rows = lines.filter((line) => line.startsWith("| ")).slice(1);
    return rows.map((row) => ({
      heading,
      cells: row
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    }));
  });
}

/** The tests that a cell of a document in `docs` or at the root names, between line breaks; other text is left out. */
export function citedIn(cell: string): CitedTest[] {
  return cell.split("<br>").flatMap((part) => {
    const [, file, name] = /^\[`(test\/[\w./-]+\.test\.ts)`\]\((?:\.\.\/)?\1\) (.+)$/.exec(part) ?? [];
    return file === undefined || name === undefined ? [] : [{ file, name }];
  });
}

/** What is wrong with a named test; undefined when there is such a test. */
export function whyMissing({ file, name }: CitedTest): string | undefined {
  if (!existsSync(ROOT + file)) return `${file} is not there`;
  const source = readFileSync(ROOT + file, "utf8");
  return namesIn(source).some((title) => isNamed(title, name, source)) ? undefined : `${file} has no test "${name}"`;
}

/** The names of all tests in a source file as they are written there, each behind that of its group. */
export function namesIn(source: string): string[] {
  let group = "";
  return [...source.matchAll(TITLE)].flatMap(([, indent, word, , written = ""]) => {
    const title = written.replaceAll(/\\(.)/g, "$1");
    if (indent !== "") return [group === "" ? title : `${group} › ${title}`];
    if (word === "it") return [title];
    group = title;
    return [];
  });
}

/** The first text behind `describe(`, `it(`, or the end of their tables; groups stand at the left margin. */
const TITLE =
  /^( *)(?:(describe|it)(?:\.each)?(?:<[^\n]*>)?(?:\([^\n]*\))?|\](?: as const)?\)|\))\(\s*(["'`])((?:\\.|(?!\3)[^\\])*)\3/gm;

/** What stands for a case's value in the title of a test with a table. */
const VALUE = /%[sdifjo]|\$[\w.]+/g;

// A value is any that stands in the file too, so that a case cannot be named that is not there.
function isNamed(title: string, name: string, source: string): boolean {
  const pattern = title
    .split(VALUE)
    .map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"))
    .join("(.+)");
  const values = new RegExp(`^${pattern}$`).exec(name)?.slice(1);
  return name === title || values?.every((value) => value === "…" || source.includes(value)) === true;
}
