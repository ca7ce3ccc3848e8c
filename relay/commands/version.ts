/** `teleport-pagerduty version`: which release this is, and what it runs on and speaks. */
import { PROTOCOL_VERSION } from "../../shared/protocol.ts";
import { RELEASE_COMMIT, RELEASE_VERSION } from "../release.ts";
import { type Command, parseOptions } from "./command.ts";

export const version: Command = {
  summary: "Print the version, the commit, Node's version and the protocol's",
  help: `Usage: teleport-pagerduty version
`,
  async run(args, { stdout }) {
    parseOptions(args, {});
    stdout(`teleport-pagerduty ${RELEASE_VERSION}
commit ${RELEASE_COMMIT}
node ${process.versions.node}
protocol ${PROTOCOL_VERSION}
`);
    return 0;
  },
};
