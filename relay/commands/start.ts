/** `teleport-pagerduty start`: runs the relay until it is asked to end. */
import { type Command, parseOptions } from "./command.ts";
import { CONFIG_FILE } from "./config-option.ts";

const options = {
  config: CONFIG_FILE,
  debug: { type: "boolean", short: "d", default: false, meaning: "log everything from debug up, to stderr" },
} as const;

export const start: Command = {
  summary: "Run the relay",
  usage: ["[-c FILE] [-d]"],
  about: [
    "Runs the relay until SIGTERM or SIGINT; a second signal ends it at once. Under systemd it tells when it is ready, how " +
      "its link does, and that it is alive.",
  ],
  options,
  environment: {
    HTTPS_PROXY: "the HTTP proxy on the way to the edge and to Teleport; this machine itself never has one",
    NO_PROXY: "hosts that are reached without it",
    NODE_EXTRA_CA_CERTS: "a file of authorities to trust besides, for a load balancer before the Proxy",
  },
  async run(args, terminal) {
    const { config, debug } = parseOptions(args, options);
    const { runStart } = await import("./start/run.ts");
    return runStart(config, { isDebugging: debug, terminal });
  },
};
