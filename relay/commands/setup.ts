/** `teleport-pagerduty setup`: the webhook subscriptions and custom incident actions at PagerDuty, and the files that go with them. */
import { type Command, JSON_OUTPUT } from "./command.ts";

/** Its options; `setup/order.ts` says what they may be. */
export const setupOptions = {
  edge: {
    type: "string",
    value: "URL",
    meaning: "where the edge is, such as https://teleport-pagerduty.example.workers.dev",
  },
  cluster: { type: "string", value: "NAME", meaning: "the name of the Teleport cluster, as the edge knows it" },
  service: {
    type: "string",
    multiple: true,
    value: "ID…",
    meaning: "the PagerDuty services where incidents open, each with a subscription and both buttons",
  },
  account: {
    type: "boolean",
    default: false,
    meaning: "one subscription for the whole account; buttons on the services named",
  },
  out: { type: "string", default: ".", value: "DIR", meaning: "where the files lie, from one run to the next" },
  rotate: {
    type: "boolean",
    default: false,
    meaning: "add a second subscription; both secrets are in the files, the new one first",
  },
  finish: {
    type: "boolean",
    default: false,
    meaning: "activate the new subscription, then remove the old one and its secret",
  },
  json: { ...JSON_OUTPUT, meaning: "print what came of it as JSON, without a secret; what is wrong stays on stderr" },
} as const;

export const setup: Command = {
  summary: "Make PagerDuty's webhook subscription and buttons, and the files of secrets",
  usage: [
    "--edge URL --cluster NAME --service ID… [--out DIR]",
    "--edge URL --cluster NAME --account [--service ID…] [--out DIR]",
  ],
  about: [
    "Makes or repairs the webhook subscription, inactive at first, and the custom incident actions Approve Request and Deny " +
      "Request. Writes secrets.json for the edge, webhook.secrets and action.tokens for the relay, and tells what goes where. " +
      "Run again, it asks the edge whether the secrets are in place, activates the subscription and pings. It can be run any " +
      "number of times and makes nothing twice.",
  ],
  options: setupOptions,
  environment: {
    PAGERDUTY_API_KEY: "required: a key that may write subscriptions and extensions",
    PAGERDUTY_REGION: "us (default) or eu",
    PAGERDUTY_API_URL: "replaces PagerDuty's address; on loopback only",
    HTTPS_PROXY: "the HTTP proxy on the way to PagerDuty and to the edge",
    NO_PROXY: "hosts that are reached without it",
  },
  async run(args, terminal) {
    // Only here, so that the other commands need not load it.
    const { readOrder } = await import("./setup/order.ts");
    const order = readOrder(args, terminal.env);
    const { setUp } = await import("./setup/set-up.ts");
    return setUp(order, terminal);
  },
};
