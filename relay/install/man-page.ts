/** The manual pages, from the tables of commands and of keys: teleport-pagerduty(1) and teleport-pagerduty.toml(5). Pure. */
import type { Command } from "../commands/command.ts";
import { optionRows } from "../commands/help.ts";
import { type ConfigKey, tomlOf } from "../config/keys.ts";
import { DEFAULT_CONFIG_FILE, PLUGIN_DIRECTORY } from "../paths.ts";
import { CREDENTIAL_PREFIX, CREDENTIAL_STORE, CREDENTIALS } from "../systemd/provided.ts";

export interface ManualEdition {
  readonly version: string;
  /** `2026-11-22`. */
  readonly date: string;
}

/** teleport-pagerduty(1). */
export function programManual(commands: ReadonlyMap<string, Command>, edition: ManualEdition): string {
  return [
    title("TELEPORT-PAGERDUTY", 1, edition),
    section("NAME", "teleport-pagerduty \\- grant and refuse Teleport access requests from PagerDuty"),
    section("SYNOPSIS", "\\fBteleport\\-pagerduty\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]"),
    section(
      "DESCRIPTION",
      escaped(
        "The relay runs beside Teleport. It tells the edge, a Cloudflare Worker, of access requests, and carries out what " +
          "people decide in PagerDuty once it has judged that itself, from the bytes that PagerDuty signed. It only dials out.",
      ),
    ),
    ".SH COMMANDS",
    ...Array.from(commands, ([name, command]) => commandManual(name, command)),
    section("FILES", definitions(FILES)),
    section("EXIT STATUS", definitions(EXITS)),
    section("SEE ALSO", "\\fBteleport\\-pagerduty.toml\\fR(5), \\fBsystemctl\\fR(1), \\fBjournalctl\\fR(1)"),
    "",
  ].join("\n");
}

/** teleport-pagerduty.toml(5). */
export function configurationManual(keys: readonly ConfigKey[], edition: ManualEdition): string {
  const sections = [...new Set(keys.map(({ section: name }) => name))].map((name) =>
    section(`[${name}]`, definitions(keys.filter((key) => key.section === name).map(keyDefinition))),
  );
  return [
    title("TELEPORT-PAGERDUTY.TOML", 5, edition),
    section("NAME", "teleport-pagerduty.toml \\- configuration of the relay of teleport\\-pagerduty"),
    section(
      "DESCRIPTION",
      escaped(
        "TOML in sections. Unknown keys are faults. Paths are absolute. What is not required may be left out. As a service, " +
          "the relay takes its own secrets from systemd's credentials where their keys are left out, and keeps its audit " +
          "log in its state directory.",
      ),
    ),
    ...sections,
    section("SEE ALSO", "\\fBteleport\\-pagerduty\\fR(1)"),
    "",
  ].join("\n");
}

const FILES: readonly (readonly [string, string])[] = [
  [DEFAULT_CONFIG_FILE, "The configuration, teleport-pagerduty.toml(5)."],
  [`${PLUGIN_DIRECTORY}/`, "Teleport's files for the relay, which belong to the group teleport-pagerduty."],
  ...Object.values(CREDENTIALS).map(
    (name) =>
      [`${CREDENTIAL_STORE}/${CREDENTIAL_PREFIX}${name}`, "A secret of the relay's own, root's alone."] as const,
  ),
  ["/var/lib/teleport-pagerduty/audit.jsonl", "The service's audit log."],
];

const EXITS: readonly (readonly [string, string])[] = [
  ["0", "All is well."],
  ["1", "A fault, or a check that found one."],
  ["2", "Bad usage, or a configuration that cannot be used; each of its faults is named with its key."],
];

function commandManual(name: string, command: Command): string {
  const { usage, about, environment = {} } = command;
  const forms = usage.map((form) => `\\fBteleport\\-pagerduty ${name}\\fR ${escaped(form)}`.trimEnd());
  return [
    `.SS ${name}`,
    forms.join("\n.br\n"),
    ...about.map((paragraph) =>
      paragraph.startsWith("  ") ? `.PP\n.EX\n${escaped(paragraph)}\n.EE` : `.PP\n${escaped(paragraph)}`,
    ),
    definitions(optionRows(command).map(([flags, meaning]) => [flags.trim(), meaning])),
    ...(Object.keys(environment).length === 0 ? [] : [".PP\nEnvironment:", definitions(Object.entries(environment))]),
  ].join("\n");
}

function keyDefinition({ name, required, default: preset, meaning }: ConfigKey): [string, string] {
  const tail = required ? " Required." : preset === undefined ? "" : ` Default: ${tomlOf(preset)}`;
  return [name, `${meaning}${tail}`];
}

function title(name: string, chapter: number, { version, date }: ManualEdition): string {
  return `.TH ${name} ${chapter} ${date} "teleport\\-pagerduty ${version}"\n.nh\n.ad l`;
}

function section(name: string, text: string): string {
  return `.SH ${name}\n${text}`;
}

function definitions(rows: readonly (readonly [string, string])[]): string {
  return rows.map(([term, meaning]) => `.TP\n\\fB${escaped(term)}\\fR\n${escaped(meaning)}`).join("\n");
}

// A backslash, a hyphen and a dot at a line's start mean something to roff.
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/gm, "\\&$1");
}
