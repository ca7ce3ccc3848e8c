/** `teleport-pagerduty version`: which release this is, and what it runs on and speaks. */
import { RELEASE_COMMIT, RELEASE_VERSION } from "../release.ts";
import { type Command, JSON_OUTPUT, parseOptions } from "./command.ts";

const options = { json: { ...JSON_OUTPUT, meaning: "print JSON: {version, commit, node, protocol}" } } as const;

export const version: Command = {
  summary: "Print the version, the commit, Node's version and the protocol's",
  usage: ["[--json]"],
  about: ["Prints which release this is, what it was built from, and what it runs on and speaks."],
  options,
  async run(args, { stdout }) {
    const { json } = parseOptions(args, options);
    const { PROTOCOL_VERSION } = await import("../../shared/protocol.ts");
    const told = { version: RELEASE_VERSION, commit: RELEASE_COMMIT, node: process.versions.node };
    if (json) {
      stdout(`${JSON.stringify({ ...told, protocol: PROTOCOL_VERSION })}\n`);
      return 0;
    }
    stdout(`teleport-pagerduty ${told.version}
commit ${told.commit}
node ${told.node}
protocol ${PROTOCOL_VERSION}
`);
    return 0;
  },
};
