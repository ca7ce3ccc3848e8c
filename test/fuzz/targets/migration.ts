/** The Go plugin's configuration: whatever is in the file, it is none, or what is made of it is TOML that our reader reads. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "smol-toml";
import { readOldConfig } from "../../../relay/commands/migrate/old-config.ts";
import { migrationFor } from "../../../relay/commands/migrate/write.ts";
import { parseConfig } from "../../../relay/config.ts";
import { ALL } from "../../relay/commands/migrate/samples.ts";
import { property, type Target } from "../target.ts";
import { assertUnpolluted } from "../unpolluted.ts";
import { mutatedText } from "../values/bytes.ts";
import { hostileText } from "../values/text.ts";

const SAMPLES = Object.values(ALL);

/** A sample with one of its values another text. */
const revalued = fc
  .tuple(fc.constantFrom(...SAMPLES), fc.nat({ max: 20 }), hostileText)
  .map(([sample, index, text]) => {
    let seen = 0;
    return sample.replace(/(?<= = )"[^"]*"/g, (value) =>
      seen++ === index ? JSON.stringify(text.toWellFormed()).replaceAll("\x7f", "\\u007f") : value,
    );
  });

/** Keys within keys, without end. */
const deep = fc
  .tuple(
    fc.constantFrom("a", "pagerduty", "'x'"),
    fc.constantFrom(2, 100, 5000, 50_000),
    fc.constantFrom("[%]\nx = 1", "% = 1", "[[%]]"),
  )
  .map(
    ([key, depth, form]) => `[pagerduty]\nservice_id = "P"\n${form.replace("%", Array(depth).fill(key).join("."))}\n`,
  );

function reads(text: string): void {
  const reading = readOldConfig(text);
  assertUnpolluted();
  if (reading.kind === "fault") return assert(reading.problem.length > 0 && !reading.problem.includes("\n"));
  const { toml, warnings } = migrationFor(reading.config, "old.toml");
  // What was somebody's text has stayed text: the sections are the ones that are meant, and no other.
  assert.deepEqual(Object.keys(parse(toml)), ["teleport", "edge", "decisions", "policy", "log"]);
  const ours = parseConfig(toml);
  if (ours.kind === "faults") {
    for (const fault of ours.faults) assert.match(fault, /does not exist/, "it made what is no configuration of ours");
  }
  for (const warning of warnings) assert(!warning.includes("\n"));
}

export const migration: Target = {
  name: "migration",
  about: "configurations of the Go plugin",
  properties: () => [
    property(
      "every mutation of a file is none of the plugin's, or becomes a configuration of ours",
      mutatedText(SAMPLES),
      reads,
      { cost: 4 },
    ),
    property("whatever text a value is, it stays one", revalued, reads, { cost: 4 }),
    property("however deep its keys are, a file is read", deep, reads, { cost: 50 }),
    property("a secret goes nowhere", fc.tuple(fc.constantFrom(...SAMPLES), hostileText), ([sample, file]) => {
      const reading = readOldConfig(sample);
      assert(reading.kind === "config");
      const { toml, warnings } = migrationFor(reading.config, file);
      assert.doesNotMatch(toml + warnings.join("\n"), /canary/);
      assert.doesNotThrow(() => parse(toml));
    }),
  ],
};
