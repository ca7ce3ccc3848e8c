/** The example that `teleport-pagerduty configure` prints: every key, with what it means. Pure. */
import { wrapped } from "../wrap.ts";
import { type ConfigKey, configKeys, tomlOf } from "./keys.ts";

/** Widest line of a comment, in characters. */
const COMMENT_CHARACTERS = 100;

/** Keys that the installed service need not say (`systemd/provided.ts`). */
const PROVIDED = new Set([
  "edge.key_file",
  "decisions.webhook_secrets_file",
  "decisions.action_tokens_file",
  "policy.audit_log",
]);

export interface ExampleOptions {
  /** Whether what systemd gives the installed service is commented out. */
  readonly isForSystemd?: boolean;
}

const HEAD = `# The configuration of the relay, \`teleport-pagerduty start\`. Unknown keys are faults. What is not marked as
# required may be left out and is then as it stands here, unless the comment says otherwise. Paths are absolute.
`;

/** A configuration with every key, its meaning above it; whoever reads it in gets the defaults. */
export function configExample({ isForSystemd = false }: ExampleOptions = {}): string {
  const keys = configKeys();
  const tables = keys.filter(({ name }) => name === "users");
  const plain = keys.filter((key) => !tables.includes(key));
  const sections = [...new Set(keys.map(({ section }) => section))].map((section) => {
    const lines = plain.filter((key) => key.section === section).map((key) => keyLines(key, isForSystemd));
    const below = tables.filter((key) => key.section === section).map(tableLines);
    return `\n[${section}]\n${[...lines, ...below].join("\n")}`;
  });
  return `${HEAD}${sections.join("")}`;
}

function keyLines(key: ConfigKey, isForSystemd: boolean): string {
  const line = `${key.name} = ${tomlOf(key.example)}\n`;
  if (!isForSystemd || !PROVIDED.has(`${key.section}.${key.name}`)) return `${commentFor(key)}${line}`;
  return `${commentFor({ ...key, meaning: `${key.meaning} As a service, systemd gives it.` })}# ${line}`;
}

function tableLines(key: ConfigKey): string {
  const entries = Object.entries(Object(key.example)).map(([name, value]) => `${name} = ${tomlOf(value)}\n`);
  return `${commentFor({ ...key, default: undefined })}[${key.section}.${key.name}]\n${entries.join("")}`;
}

function commentFor({ meaning, required, example, default: preset }: ConfigKey): string {
  const differs = preset !== undefined && tomlOf(example) !== tomlOf(preset);
  const tail = required ? " Required." : differs ? ` Default: ${tomlOf(preset)}` : "";
  const lines = wrapped(`${meaning}${tail}`, COMMENT_CHARACTERS - 2);
  return lines.map((line) => `# ${line}\n`).join("");
}
