/** What the documents say is checked against the code: links lead somewhere, examples parse, tables are the code's own. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { clusterEntrySchema, clusterSecretsSchema } from "../edge/config/cluster-schema.ts";
import { refusalNote } from "../edge/incident/refusal-note.ts";
import { roleFor } from "../relay/commands/check/role.ts";
import { commands } from "../relay/commands/command-line.ts";
import { configKeys, tomlOf } from "../relay/config/keys.ts";
import { CREDENTIAL_PREFIX, CREDENTIAL_STORE, CREDENTIALS } from "../relay/systemd/provided.ts";
import { REFUSALS } from "../shared/refusal.ts";
import { blocksIn, jsonLinesIn } from "./docs/blocks.ts";
import { anchorsIn, targetsIn } from "./docs/links.ts";
import { faultsIn } from "./docs/toml.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const IN_DOCS = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
const DOCUMENTS = [
  "README.md",
  "ARCHITECTURE.md",
  "SECURITY.md",
  "shared/PROTOCOL.md",
  ...IN_DOCS.map((name) => `docs/${name}`),
];

function textOf(document: string): string {
  return readFileSync(join(ROOT, document), "utf8");
}

/** The rows of the table between two marks, cell by cell, without its head. */
function tableOf(document: string, mark: string): string[][] {
  const table = new RegExp(`<!-- ${mark} -->\\n(.*?)\\n<!-- /${mark} -->`, "s").exec(textOf(document))?.[1] ?? "";
  const rows = table.split("\n").slice(2);
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim())
      .slice(1, -1),
  );
}

/** The text of every source below a folder. */
function sourcesOf(folder: string): string {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".ts"))
    .map((name) => textOf(join(folder, name)))
    .join("\n");
}

describe.each(DOCUMENTS)("%s", (document) => {
  const text = textOf(document);

  it("leads only to files and places that are there", () => {
    const lost = targetsIn(document, text).filter(({ path, anchor }) => {
      if (!existsSync(join(ROOT, path))) return true;
      return anchor !== "" && !anchorsIn(textOf(path)).includes(anchor);
    });
    expect(lost).toEqual([]);
  });

  it("shows only JSON that parses, and TOML that its program reads", () => {
    for (const line of jsonLinesIn(text)) expect(() => JSON.parse(line), line).not.toThrow();
    for (const block of blocksIn(text).filter(({ language }) => language === "toml")) {
      expect(faultsIn(block.text), block.text).toEqual([]);
    }
  });

  it("names only scripts that package.json has", () => {
    const { scripts } = JSON.parse(textOf("package.json"));
    const named = [...text.matchAll(/npm run (?:-s )?(\w+)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it("names only commands of the relay that it has, and their options", () => {
    const named = text.matchAll(/(?<=^|`|\$ |sudo )teleport-pagerduty ([a-z]+)\b([^\n`]*)/gm);
    for (const [line, name = "", rest = ""] of named) {
      const command = commands.get(name);
      expect(command, line).toBeDefined();
      const options = [...rest.matchAll(/(?<=\s)--([a-z]+)/g)].map(([, option = ""]) => option);
      expect(
        options.filter((option) => !(option in (command?.options ?? {}))),
        line,
      ).toEqual([]);
    }
  });

  it("names only credentials that the service is handed", () => {
    const names: string[] = Object.values(CREDENTIALS).map((name) => `${CREDENTIAL_STORE}/${CREDENTIAL_PREFIX}${name}`);
    const named = [...text.matchAll(/\/etc\/credstore\/teleport-pagerduty\.[\w.]+\w/g)].map(([path]) => path);
    expect(named.filter((path) => !names.includes(path))).toEqual([]);
  });
});

it("every document is linked from the README", () => {
  const linked = targetsIn("README.md", textOf("README.md")).map(({ path }) => path);
  expect(DOCUMENTS.filter((document) => document !== "README.md" && !linked.includes(document))).toEqual([]);
});

describe("docs/configuration.md against the code", () => {
  const document = "docs/configuration.md";

  it("has every key of the relay's configuration, with its default and its meaning", () => {
    const rows = configKeys().map(({ section, name, required, default: value, meaning }) => [
      `\`${section}.${name}\``,
      required ? "**required**" : `\`${tomlOf(value)}\``,
      meaning.replaceAll("|", "\\|"),
    ]);
    expect(tableOf(document, "relay-configuration")).toEqual(rows);
  });

  it("has every key of a cluster on the edge, with its default", () => {
    const required = { relay_public_keys: ["A".repeat(43)], service_id: "PIJ90N7", user_email: "bot@example.com" };
    const defaults: Record<string, unknown> = clusterEntrySchema.parse(required);
    const rows = Object.keys(clusterEntrySchema.shape).map((key) => [
      `\`${key}\``,
      key in required ? "**required**" : `\`${tomlOf(defaults[key])}\``,
    ]);
    expect(tableOf(document, "edge-configuration").map((row) => row.slice(0, 2))).toEqual(rows);
  });

  it("has every secret of a cluster on the edge", () => {
    const keys = Object.keys(clusterSecretsSchema.shape).map((key) => `\`${key}\``);
    expect(tableOf(document, "edge-secrets").map(([key]) => key)).toEqual(keys);
  });

  it("shows the roles that the check asks for", () => {
    const ways = ["state", "review", "review_on_behalf"] as const;
    const roles = ways.map((decideBy) => roleFor({ version: "18.11.0", decideBy }));
    const before = ["7.0.0", "4.2.8"].map((version) => roleFor({ version, decideBy: "state" }));
    const yaml = (path: string) => blocksIn(textOf(path)).filter(({ language }) => language === "yaml");
    expect(yaml(document).map(({ text }) => text)).toEqual([...roles, ...before]);
    expect(yaml("docs/install.md").map(({ text }) => text)).toEqual([roles[0]]);
  });
});

describe("docs/troubleshooting.md against the code", () => {
  const document = "docs/troubleshooting.md";

  it("has every refusal, in the order in which they are looked at, with the words of its note", () => {
    const notes = REFUSALS.map((refusal) => {
      const note = refusalNote({ refusal, verdict: "approve", person: "", detail: "" });
      return [`\`${refusal}\``, note?.replace("Not approved: ", "") ?? "nothing"];
    });
    expect(tableOf(document, "refusals").map((row) => row.slice(0, 2))).toEqual(notes);
  });

  it("explains every line that a check shows in the documents", () => {
    const lines = [...textOf("docs/install.md").matchAll(/^ok {4}(.{27}) {2}/gm)].map(([, name = ""]) => name.trim());
    const explained = tableOf(document, "checks").map(([name = ""]) => name.replaceAll("`", ""));
    expect(lines.length).toBeGreaterThan(15);
    expect(lines.filter((name) => !explained.includes(name))).toEqual([]);
  });

  it.each(["relay", "edge"])("quotes lines that the %s can log", (half) => {
    const sources = sourcesOf(half);
    const quoted = tableOf(document, `${half}-log`).map(([line = ""]) => line.replaceAll("`", ""));
    expect(quoted.length).toBeGreaterThan(3);
    expect(quoted.filter((line) => !sources.includes(line))).toEqual([]);
  });

  it("quotes words that the edge can say elsewhere", () => {
    const sources = sourcesOf("edge");
    const cells = [...textOf(document).matchAll(/^\| (?:a note|an event) `([^`]+)`/gm)].map(([, words = ""]) => words);
    expect(cells.length).toBeGreaterThan(5);
    expect(cells.filter((words) => !sources.includes(words))).toEqual([]);
  });
});
