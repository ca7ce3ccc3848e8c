/** The example that `teleport-pagerduty configure` prints: every key, with what it means. Pure. */
import { type ConfigKey, configKeys, tomlOf } from "./keys.ts";

/** Widest line of a comment, in characters. */
const COMMENT_CHARACTERS = 100;

const HEAD = `# The configuration of the relay, \`teleport-pagerduty start\`. Unknown keys are faults. What is not marked as
# required may be left out and is then as it stands here, unless the comment says otherwise. Paths are absolute.
`;

/** A configuration with every key, its meaning above it; whoever reads it in gets the defaults. */
export function configExample(): string {
  const keys = configKeys();
  const tables = keys.filter(({ name }) => name === "users");
  const plain = keys.filter((key) => !tables.includes(key));
  const sections = [...new Set(keys.map(({ section }) => section))].map((section) => {
    const lines = plain.filter((key) => key.section === section).map(keyLines);
    const below = tables.filter((key) => key.section === section).map(tableLines);
    return `\n[${section}]\n${[...lines, ...below].join("\n")}`;
  });
  return `${HEAD}${sections.join("")}`;
}

function keyLines(key: ConfigKey): string {
  return `${commentFor(key)}${key.name} = ${tomlOf(key.example)}\n`;
}

function tableLines(key: ConfigKey): string {
  const entries = Object.entries(Object(key.example)).map(([name, value]) => `${name} = ${tomlOf(value)}\n`);
  return `${commentFor({ ...key, default: undefined })}[${key.section}.${key.name}]\n${entries.join("")}`;
}

function commentFor({ meaning, required, example, default: preset }: ConfigKey): string {
  const differs = preset !== undefined && tomlOf(example) !== tomlOf(preset);
  const tail = required ? " Required." : differs ? ` Default: ${tomlOf(preset)}` : "";
  let line = "#";
  let comment = "";
  for (const word of `${meaning}${tail}`.split(" ")) {
    if (line.length + 1 + word.length > COMMENT_CHARACTERS) {
      comment += `${line}\n`;
      line = "#";
    }
    line += ` ${word}`;
  }
  return `${comment}${line}\n`;
}
