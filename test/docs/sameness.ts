/**
 * Whether a console shows what a command printed. What is another each time, such as times, ids and keys, is the same; a line
 * `…` stands for any lines, the last of all. Pure.
 */

/** Each kind of volatile text, and what stands for it. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<uuid>"],
  [/\b[0-9a-f]{64}\b/g, "<hash>"],
  [/(?<![\w-])[\w-]{43}(?![\w-])/g, "<key>"],
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>"],
  [/\b\d+ (s|min|h|d|ms)\b( ago)?/g, "<span>"],
  [/\b[PQ][0-9A-Z]{6,13}\b/g, "<id>"],
  [/\bcommit \S+/g, "commit <commit>"],
  [/\bnode \d+\.\d+\.\d+/g, "node <version>"],
  [/127\.0\.0\.1:\d+/g, "<address>"],
  // Columns are as wide as what is in them.
  [/ {2,}/g, "  "],
];

/** A line with everything volatile replaced. */
export function steady(line: string): string {
  return VOLATILE.reduce((text, [pattern, name]) => text.replace(pattern, name), line).trimEnd();
}

/** Whether what is shown is what was printed. */
export function isShown(shown: readonly string[], printed: readonly string[]): boolean {
  const isOpen = shown.at(-1) === "…";
  const lines = isOpen ? shown.slice(0, -1) : shown;
  if (isOpen ? printed.length < lines.length : printed.length !== lines.length) return false;
  return lines.every((line, index) => steady(line) === steady(printed[index] ?? ""));
}
