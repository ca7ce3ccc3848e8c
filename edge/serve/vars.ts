/**
 * The file of variables and secrets that a local edge gets: lines `NAME=value`, quotes optional, `#` comments. It is read
 * here only as far as names and values go; what the values mean is for the edge's configuration. Pure. Faults name the
 * line, never its value.
 */

/** Every variable by name, or every fault with its line. */
export type VarsReading =
  | { readonly kind: "vars"; readonly vars: ReadonlyMap<string, string>; readonly warnings: readonly string[] }
  | { readonly kind: "faulty"; readonly faults: readonly string[] };

/** What the edge understands; another name is most likely a mistyped one. */
const KNOWN_NAMES: ReadonlySet<string> = new Set([
  "CLUSTERS",
  "CLUSTER_SECRETS",
  "PUBLIC_URL",
  "PAGERDUTY_API_URL",
  "RECONCILE_EVERY_SECONDS",
]);

/** Names that the local server sets itself, or that stand for something other than text. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(["CLUSTER", "STRANGERS", "WAKE_EVERY_MINUTES"]);

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

type Line = { readonly name: string; readonly value: string } | { readonly fault: string };

/** Reads the text of a file of variables. */
export function parseVars(text: string): VarsReading {
  const vars = new Map<string, string>();
  const faults: string[] = [];
  const warnings: string[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .entries()) {
    const content = line.trim();
    if (content === "" || content.startsWith("#")) continue;
    const read = readLine(content);
    const fault = "fault" in read ? read.fault : vars.has(read.name) ? `${read.name} is set a second time` : undefined;
    if (fault !== undefined) faults.push(`line ${index + 1}: ${fault}`);
    if ("fault" in read) continue;
    vars.set(read.name, read.value);
    if (!KNOWN_NAMES.has(read.name)) warnings.push(`line ${index + 1}: the edge knows no variable ${read.name}`);
  }
  return faults.length > 0 ? { kind: "faulty", faults } : { kind: "vars", vars, warnings };
}

function readLine(content: string): Line {
  const equals = content.indexOf("=");
  if (equals < 0) return { fault: "must be NAME=value" };
  const name = content.slice(0, equals).trim();
  if (!NAME.test(name)) return { fault: "a name has letters, digits and underscores, and begins with no digit" };
  if (RESERVED_NAMES.has(name)) return { fault: `${name} is not to be set here` };
  const value = unquote(content.slice(equals + 1).trim());
  return value === undefined ? { fault: `the quote that ${name} begins with never ends` } : { name, value };
}

const QUOTED = /^(["'])(.*)\1(?:\s+#.*)?$/s;

function unquote(value: string): string | undefined {
  if (!/^["']/.test(value)) return withoutComment(value);
  const [, quote, inner] = QUOTED.exec(value) ?? [];
  if (inner === undefined) return undefined;
  return quote === '"' ? unescaped(inner) : inner;
}

// JSON may well hold a ` #` of its own.
function withoutComment(value: string): string {
  const comment = /^[[{]/.test(value) ? -1 : value.search(/\s#/);
  return comment < 0 ? value : value.slice(0, comment).trimEnd();
}

// In double quotes JSON is often written with its own quotes escaped, and as often without.
function unescaped(inner: string): string {
  try {
    return String(JSON.parse(`"${inner}"`));
  } catch {
    return inner;
  }
}
