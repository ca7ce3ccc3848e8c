/** What the documents say is checked against the code: paths exist, examples parse, and numbers are the code's own. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ACKNOWLEDGED_WITHIN_MS, WELCOME_WITHIN_MS } from "../relay/link/liveness.ts";
import { MAX_JSON_DEPTH } from "../shared/bytes.ts";
import * as protocol from "../shared/protocol.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DOCUMENTS = ["shared/PROTOCOL.md"];

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
  const headings = [...text.matchAll(/^### `(\w+)`$/gm)].map(([, type = ""]) => type);
  const ends = [
    { end: "relay", schema: protocol.relayFrameSchema, read: protocol.readRelayFrame },
    { end: "edge", schema: protocol.edgeFrameSchema, read: protocol.readEdgeFrame },
  ];
  const frames = ends.flatMap(({ end, schema, read }) =>
    schema.options.map(({ shape }) => ({ end, type: shape.type.value, read })),
  );

  function examplesOf(type: string): string[] {
    const section = new RegExp(`^### \`${type}\`$(.*?)(?=^##|(?![^]))`, "ms").exec(text);
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
      [...(sections.find((section) => section.startsWith(title)) ?? "").matchAll(/^### `(\w+)`/gm)].map(
        ([, type = ""]) => type,
      );
    for (const { end, schema } of ends) {
      const types = schema.options.map(({ shape }) => shape.type.value);
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
