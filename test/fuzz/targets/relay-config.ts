/** The relay's configuration: whatever is done to a good one, it is read or its faults are named. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "smol-toml";
import { configExample } from "../../../relay/config/example.ts";
import { parseConfig, type RelayConfig } from "../../../relay/config.ts";
import { generateRelayKey } from "../../../relay/link/relay-key.ts";
import { newFolder } from "../folder.ts";
import { property, type Target } from "../target.ts";
import { assertUnpolluted } from "../unpolluted.ts";
import { mutatedText } from "../values/bytes.ts";
import { hostileText } from "../values/text.ts";

/** The example with files that are there, so that it is good before anything is done to it. */
function goodExample(): string {
  const directory = newFolder();
  const write = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
    return JSON.stringify(join(directory, name));
  };
  return configExample()
    .replace(/^key_file = .*$/m, `key_file = ${write("relay.key", generateRelayKey().pem)}`)
    .replace(/^webhook_secrets_file = .*$/m, `webhook_secrets_file = ${write("webhook.secrets", "s".repeat(32))}`);
}

/** Whether it says what an admin must have said for anything to be approved. */
function assertClosed(config: RelayConfig, text: string): void {
  const { policy } = parse(text);
  assert(typeof policy === "object" && policy !== null && "approvers" in policy && "approvable_roles" in policy);
  assert.deepEqual(config.policy.approvers, policy.approvers);
  assert.deepEqual(config.policy.approvableRoles, policy.approvable_roles);
  assert(config.policy.approveWithinMs > 0 && Number.isSafeInteger(config.policy.approveWithinMs));
  const isSigned = config.decisions.channels.some((channel) => channel !== "action");
  if (isSigned || config.decisions.onResolve === "deny") assert(config.webhookSecretsFile !== null);
  if (config.decisions.channels.includes("action")) assert(config.actionTokensFile !== null);
  assert.match(config.edge.url, /^(?:https:\/\/|http:\/\/(?:localhost|127\.|\[::1\]))/);
  assert.equal(Object.getPrototypeOf(config.policy.users), null);
}

/** A line of TOML, good or not, to be put under one of the sections. */
const line = fc
  .tuple(
    fc.constantFrom(
      "approvers",
      "approvable_roles",
      "users",
      "channels",
      "__proto__",
      "'__proto__'",
      "a.b.c",
      '"\\u0000"',
    ),
    fc.oneof(
      fc.constantFrom(
        "[]",
        '["*"]',
        "{}",
        "1e400",
        "0xff",
        "1979-05-27",
        "[[]]",
        "{ a = 1 }",
        "nan",
        "9223372036854775807",
      ),
      hostileText.map((text) => JSON.stringify(text)),
    ),
  )
  .map(([key, value]) => `${key} = ${value}\n`);

export const relayConfig: Target = {
  name: "relay-config",
  about: "the relay's TOML",
  properties: () => {
    const example = goodExample();
    const reads = (text: string): void => {
      const reading = parseConfig(text);
      assertUnpolluted();
      if (reading.kind === "config") return assertClosed(reading.config, text);
      assert(reading.faults.length > 0);
      for (const fault of reading.faults)
        assert.match(fault, /^[\s\S]+: [\s\S]+\.$/, "a fault is a key and a sentence");
    };
    const sections = ["[teleport]\n", "[edge]\n", "[decisions]\n", "[policy]\n", "[policy.users]\n", "[log]\n"];
    const added = fc
      .tuple(fc.constantFrom(...sections), line)
      .map(([section, more]) => example.replace(section, `${section}${more}`));
    return [
      property("the example is good", fc.constant(example), (text) => {
        assert.deepEqual(parseConfig(text).kind, "config");
        reads(text);
      }),
      property("every mutation of the example is read or has its faults named", mutatedText([example], 4), reads, {
        cost: 4,
      }),
      property("every line that is added is read or is a fault", added, reads, { cost: 4 }),
      property("whatever else there is in the file, is a fault", hostileText, (text) => {
        assert.equal(parseConfig(text).kind, "faults");
      }),
    ];
  },
};
