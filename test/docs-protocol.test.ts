/** shared/PROTOCOL.md against the schemas: every frame, limit and close code, with the code's own values. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ACKNOWLEDGED_WITHIN_MS, WELCOME_WITHIN_MS } from "../relay/link/liveness.ts";
import { MAX_JSON_DEPTH } from "../shared/bytes.ts";
import { edgeFrameSchema, readEdgeFrame } from "../shared/edge-frames.ts";
import * as protocol from "../shared/protocol.ts";
import { jsonLinesIn } from "./docs/blocks.ts";

describe("shared/PROTOCOL.md against the schemas", () => {
  const text = readFileSync(new URL("../shared/PROTOCOL.md", import.meta.url), "utf8");
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
