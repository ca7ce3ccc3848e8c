/** What the page tells at a glance: one tile for each thing that the product stands on. Pure. */
import { html } from "hono/html";
import type { ClusterStatus } from "../status.ts";
import type { Html } from "./document.ts";
import { ago, clock } from "./words.ts";

/** How many pending requests stand at which stage, as far as they are shown. */
export function stageCounts({ requests, pendingCount }: ClusterStatus): string {
  const stages = [...Map.groupBy(requests, ({ stage }) => stage)];
  const counts = stages.map(([stage, at]) => `${at.length} ${stage.replaceAll("_", " ")}`);
  const more = pendingCount - requests.length;
  return [...counts, ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

/** The tiles, most watched first. */
export function tiles(status: ClusterStatus): Html[] {
  const { pendingCount, certificateExpiresMs, waiting, heldDeliveries } = status;
  return [
    tile("Pending", pendingCount, stageCounts(status)),
    relaysTile(status),
    watchTile(status),
    tile("Certificate", certificateExpiresMs === null ? "Not known" : html`Ends ${ago(certificateExpiresMs)}`),
    pagerDutyTile(status),
    answersTile(status),
    tile(
      "Outbox",
      waiting.length === 0 ? "Empty" : `${waiting.length} waiting`,
      heldDeliveries > 0 && `${heldDeliveries} answers held for incidents not known yet`,
    ),
  ];
}

function relaysTile({ relays, epoch, activeSinceMs }: ClusterStatus): Html {
  const since = relays.length > 0 && activeSinceMs !== null && html`, since ${ago(activeSinceMs)}`;
  return tile(
    "Relays",
    relays.length === 0 ? "None connected" : `${relays.length} connected`,
    html`epoch ${epoch}${since}`,
  );
}

function watchTile({ relays, teleportVersion }: ClusterStatus): Html {
  const watching = relays.find(({ role }) => role === "active")?.watching ?? null;
  const words = watching === null ? "Not known" : watching ? "Standing" : "Down";
  return tile("Watch of Teleport", words, teleportVersion !== null && `release ${teleportVersion}`);
}

function pagerDutyTile({ pagerduty: { ok, seenMs }, pausedUntilMs }: ClusterStatus): Html {
  const pause = pausedUntilMs !== null && html`; it asks for a pause until ${clock(pausedUntilMs)}`;
  const words = seenMs === null ? "Not called lately" : ok ? "In order" : "In trouble";
  return tile("PagerDuty", words, seenMs !== null && html`called ${ago(seenMs)}${pause}`);
}

function answersTile({ uncovered, subscriptionsProblem, subscriptionsListedMs: listedMs }: ClusterStatus): Html {
  const isKnown = listedMs !== null && subscriptionsProblem === null;
  const words = uncovered.length > 0 ? "Do not all arrive" : isKnown ? "Arrive" : "Not known";
  return tile("Answers", words, listedMs !== null && html`subscriptions read ${ago(listedMs)}`);
}

function tile(name: string, value: Html | string | number, more: Html | string | false = false): Html {
  return html`<div><dt>${name}<dd>${value}<small>${more}</small></div>`;
}
