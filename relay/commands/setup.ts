/** `teleport-pagerduty setup`: the webhook subscriptions and custom incident actions at PagerDuty, and the files that go with them. */

import type { Command } from "./command.ts";
import { readOrder } from "./setup/order.ts";

export const setup: Command = {
  summary: "Make PagerDuty's webhook subscription and buttons, and the files of secrets",
  help: `Usage: teleport-pagerduty setup --edge URL --cluster NAME --service ID… [--out DIR]
       teleport-pagerduty setup --edge URL --cluster NAME --account [--service ID…] [--out DIR]

Makes or repairs the webhook subscription, inactive at first, and the custom incident actions Approve Request and Deny
Request. Writes secrets.json for the edge, webhook.secrets and action.tokens for the relay, and tells what goes where. Run
again, it asks the edge whether the secrets are in place, activates the subscription and pings. It can be run any number
of times and makes nothing twice.

  --edge URL       where the edge is, such as https://teleport-pagerduty.example.workers.dev
  --cluster NAME   the name of the Teleport cluster, as the edge knows it
  --service ID…    the PagerDuty services where incidents open, each with a subscription and both buttons
  --account        one subscription for the whole account; buttons on the services named
  --out DIR        where the files lie, from one run to the next (default: this folder)
  --rotate         add a second subscription; both secrets are in the files, the new one first
  --finish         activate the new subscription, then remove the old one and its secret

Environment:
  PAGERDUTY_API_KEY   required: a key that may write subscriptions and extensions
  PAGERDUTY_REGION    us (default) or eu
  PAGERDUTY_API_URL   replaces PagerDuty's address; on loopback only
`,
  async run(args, terminal) {
    const order = readOrder(args, terminal.env);
    // Only here, so that the other commands need not load it.
    const { setUp } = await import("./setup/set-up.ts");
    return setUp(order, terminal);
  },
};
