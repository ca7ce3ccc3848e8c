/** What the documents say is checked against the code: paths exist, examples parse, and numbers are the code's own. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { clusterEntrySchema, clusterSecretsSchema } from "../edge/config/cluster-schema.ts";
import { roleFor } from "../relay/commands/check/role.ts";
import { configKeys, tomlOf } from "../relay/config/keys.ts";
import { ACKNOWLEDGED_WITHIN_MS, WELCOME_WITHIN_MS } from "../relay/link/liveness.ts";
import { MAX_JSON_DEPTH } from "../shared/bytes.ts";
import { edgeFrameSchema, readEdgeFrame } from "../shared/edge-frames.ts";
import * as protocol from "../shared/protocol.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DOCUMENTS = [
  "README.md",
  "ARCHITECTURE.md",
  "SECURITY.md",
  "docs/pitfalls.md",
  "docs/predecessor.md",
  "shared/PROTOCOL.md",
];

function textOf(document: string): string {
  return readFileSync(join(ROOT, document), "utf8");
}

/** Paths in code spans, from the project's root, and targets of links, from the document's folder. */
function pathsIn(document: string): string[] {
  const text = textOf(document);
  const spans = [...text.matchAll(/`((?:edge|relay|shared|test)\/[\w./-]+)`/g)].map(([, path = ""]) => path);
  const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, path = ""]) => path);
  return [...spans, ...links.map((path) => join(dirname(document), path))];
}

/** The lines of all `json` blocks: one value each. */
function jsonLinesIn(text: string): string[] {
  const blocks = [...text.matchAll(/^```json\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  return blocks.flatMap((block) => block.split("\n").filter((line) => line !== ""));
}

describe.each(DOCUMENTS)("%s", (document) => {
  it("names only paths that exist", () => {
    expect(pathsIn(document).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it("shows only JSON that parses", () => {
    for (const line of jsonLinesIn(textOf(document))) expect(() => JSON.parse(line), line).not.toThrow();
  });
});

describe("shared/PROTOCOL.md against the schemas", () => {
  const text = textOf("shared/PROTOCOL.md");
  const headings = [...text.matchAll(/^### `([\w?]+)`$/gm)].map(([, type = ""]) => type);
  const ends = [
    { end: "relay", schema: protocol.relayFrameSchema, read: protocol.readRelayFrame },
    { end: "edge", schema: edgeFrameSchema, read: readEdgeFrame },
  ];
  const frames = ends.flatMap(({ end, schema, read }) =>
    schema.def.options.flatMap(({ shape }) => shape.type.def.values.map((type) => ({ end, type, read }))),
  );

  function examplesOf(type: string): string[] {
    const section = new RegExp(`^### \`${type.replace("?", "\\?")}\`$(.*?)(?=^##|(?![^]))`, "ms").exec(text);
    return jsonLinesIn(section?.[1] ?? "");
  }

  it("has one heading for every type of frame, and none besides", () => {
    expect(headings.toSorted()).toEqual([...new Set(frames.map(({ type }) => type))].toSorted());
  });

  it.each(frames)("shows $type from the $end as that end's reader takes it, whole", ({ type, read }) => {
    const examples = examplesOf(type);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      // Equal to what stands there: no field in an example is one that the schema does not know.
      expect(read(example)).toEqual({ kind: "frame", frame: JSON.parse(example) });
      expect(JSON.parse(example).type).toBe(type);
    }
  });

  it("puts every frame under the end that sends it", () => {
    const sections = text.split(/^## /m);
    const typesUnder = (title: string) =>
      [...(sections.find((section) => section.startsWith(title)) ?? "").matchAll(/^### `([\w?]+)`/gm)].map(
        ([, type = ""]) => type,
      );
    for (const { end, schema } of ends) {
      const types = schema.def.options.flatMap(({ shape }) => shape.type.def.values);
      expect([...typesUnder(`Frames from the ${end}`), ...typesUnder("Frames in both directions")]).toEqual(types);
    }
  });

  const limits: Record<string, unknown> = { ...protocol, MAX_JSON_DEPTH, WELCOME_WITHIN_MS, ACKNOWLEDGED_WITHIN_MS };
  const rows = Object.entries(limits).flatMap(([name, value]) =>
    typeof value === "number" && name !== "PROTOCOL_VERSION" ? [{ name, value }] : [],
  );

  it.each(rows)("names the limit $name with its value, its unit and its reason", ({ name, value }) => {
    const row = text.split("\n").find((line) => line.startsWith(`| \`${name}\` |`));
    const [, , shown = "", why = ""] = (row ?? "").split("|");
    expect(shown.trim()).toMatch(new RegExp(`^${value.toLocaleString("en-US")} [A-Za-z]`));
    expect(why.trim()).not.toBe("");
  });

  it.each(Object.entries(protocol.CLOSE))("names the close code %s with its number", (name, code) => {
    expect(text).toMatch(new RegExp(`^\\| ${code} \\| \`${name}\` \\| \\S`, "m"));
  });

  it("names no close code that the code does not have", () => {
    const codes: number[] = Object.values(protocol.CLOSE);
    expect(
      [...text.matchAll(/\b(40\d\d)\b/g)].map(([code]) => Number(code)).filter((code) => !codes.includes(code)),
    ).toEqual([]);
  });

  it("says the version and the texts that keep the link alive", () => {
    expect(text).toContain(`# The link's protocol, version ${protocol.PROTOCOL_VERSION}\n`);
    expect(text).toContain(`\`PROTOCOL_VERSION\`, now ${protocol.PROTOCOL_VERSION}.`);
    expect(text).toContain(`\`${protocol.PING}\``);
    expect(text).toContain(`\`${protocol.PONG}\``);
    const silence = protocol.LINK_DEAD_AFTER_MS + protocol.PING_EVERY_MS;
    for (const ms of [protocol.PING_EVERY_MS, protocol.LINK_DEAD_AFTER_MS, silence]) {
      expect(text).toContain(`${ms.toLocaleString("en-US")} ms`);
    }
  });
});

describe("README.md against the code", () => {
  const text = textOf("README.md");

  /** The rows of the table between two marks, cell by cell, without its head. */
  function tableOf(mark: string): string[][] {
    const table = new RegExp(`<!-- ${mark} -->\\n(.*?)\\n<!-- /${mark} -->`, "s").exec(text)?.[1] ?? "";
    const rows = table.split("\n").slice(2);
    return rows.map((row) =>
      row
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim())
        .slice(1, -1),
    );
  }

  it("has every key of the relay's configuration, with its default and its meaning", () => {
    const rows = configKeys().map(({ section, name, required, default: value, meaning }) => [
      `\`${section}.${name}\``,
      required ? "**required**" : `\`${tomlOf(value)}\``,
      meaning.replaceAll("|", "\\|"),
    ]);
    expect(tableOf("relay-configuration")).toEqual(rows);
  });

  it("has every key of a cluster on the edge, with its default", () => {
    const required = { relay_public_keys: ["A".repeat(43)], service_id: "PIJ90N7", user_email: "bot@example.com" };
    const defaults: Record<string, unknown> = clusterEntrySchema.parse(required);
    const rows = Object.keys(clusterEntrySchema.shape).map((key) => [
      `\`${key}\``,
      key in required ? "**required**" : `\`${tomlOf(defaults[key])}\``,
    ]);
    expect(tableOf("edge-configuration").map((row) => row.slice(0, 2))).toEqual(rows);
  });

  it("has every secret of a cluster on the edge", () => {
    const keys = Object.keys(clusterSecretsSchema.shape).map((key) => `\`${key}\``);
    expect(tableOf("edge-secrets").map(([key]) => key)).toEqual(keys);
  });

  it("shows the roles that the check asks for", () => {
    const shown = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml);
    const ways = ["state", "review", "review_on_behalf"] as const;
    const roles = ways.map((decideBy) => roleFor({ version: "18.11.0", decideBy }));
    const before = ["7.0.0", "4.2.8"].map((version) => roleFor({ version, decideBy: "state" }));
    expect(shown).toEqual([...roles, ...before]);
  });

  it("names only scripts that package.json has", () => {
    const { scripts } = JSON.parse(textOf("package.json"));
    const named = [...text.matchAll(/npm run (?:-s )?(\w+)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it("names only commands of the relay that it has", () => {
    const named = [...text.matchAll(/teleport-pagerduty (\w+)(?= |$|`)/gm)].map(([, name = ""]) => name);
    expect(named.filter((name) => !existsSync(join(ROOT, "relay/commands", `${name}.ts`)))).toEqual([]);
  });
});
