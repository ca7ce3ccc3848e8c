/** What a migrated configuration says in comments: what goes to the edge and how, and what is gone. Pure; holds no secret. */
import type { OldConfig } from "./old-config.ts";
import { quoted } from "./quote.ts";

/** Takes what an admin has to look after, a sentence. */
export type Warn = (sentence: string) => void;

/** The annotations that this product reads; their names cannot be changed. */
export const ANNOTATIONS = { notify: "pagerduty_notify_service", services: "pagerduty_services" } as const;

/** What goes to the edge, and how. */
export function edgeComments(old: OldConfig, warn: Warn): string {
  const { serviceId, userEmail, notifyAnnotation, servicesAnnotation } = old;
  if (serviceId === undefined)
    warn("service_id is not in the file: the edge needs one, for requests that name no service.");
  if (userEmail === undefined) warn("user_email is not in the file: the edge needs one.");
  const renamed = [
    [notifyAnnotation, ANNOTATIONS.notify],
    [servicesAnnotation, ANNOTATIONS.services],
  ] as const;
  for (const [name, ours] of renamed) {
    if (name === undefined || name === ours) continue;
    warn(`The annotation ${quoted(name)} is called ${ours} here: rename it in your roles.`);
  }
  return `# ---- What goes to the edge --------------------------------------------------------------------
# In wrangler.toml, under the name that Teleport gives your cluster (tctl status):
#
#   [vars.CLUSTERS."teleport.example.com"]
#   relay_public_keys = ["…"]    # what teleport-pagerduty keygen prints
#   service_id = ${serviceId === undefined ? '"…"            # where incidents open when nothing else says so' : quoted(serviceId)}
#   user_email = ${userEmail === undefined ? '"…"            # a PagerDuty user of its own, not a person' : `${quoted(userEmail)}    # a PagerDuty user of its own, not a person`}
#
# The secrets, and the webhook and buttons in PagerDuty, are made by
#
#   PAGERDUTY_API_KEY=… teleport-pagerduty setup --edge URL --cluster NAME --service ${serviceId ?? "ID"}
#
# which takes the API key from the environment, ${API_KEYS[old.apiKey]}, and
# says what goes where. Nothing of it belongs into this file.`;
}

const API_KEYS: Readonly<Record<OldConfig["apiKey"], string>> = {
  none: "which the plugin's file does not have",
  inline: "the one under pagerduty.api_key of the plugin's file",
  file: "the one in the file that pagerduty.api_key names",
};

/** The keys that have no successor, and why; empty when there are none. */
export function droppedComments({ dropped, generation }: OldConfig): string {
  if (dropped.length === 0) return "";
  const why =
    generation === "buttons"
      ? "# Nothing listens on this host any more: the relay dials out, and the edge faces PagerDuty. Without a successor:"
      : "# Without a successor, because renewed files are always looked for:";
  const buttons =
    generation === "buttons"
      ? "\n# Remove the old buttons (Approve Request, Deny Request) from the service in PagerDuty when the plugin is off."
      : "";
  return [why, ...dropped.map((key) => `#   ${quoted(key).slice(1, -1)}`)].join("\n") + buttons;
}
