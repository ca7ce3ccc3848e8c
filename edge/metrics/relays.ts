/** What is told of each relay: what the edge knows of it, and what it says of itself. Pure. */
import type { Family, Sample } from "../../shared/metrics.ts";
import type { Answers } from "../relays/enquiry.ts";
import type { ConnectedRelay } from "../relays.ts";
import type { ClusterCondition } from "../status/condition.ts";
import { familyOf } from "./family.ts";

/** A relay, be it away: which it is, and until when its certificate is good. */
type Relay = Pick<ConnectedRelay, "relayKey" | "instance" | "certificateExpiresMs"> & Partial<ConnectedRelay>;

/** What the edge knows of a relay; null where it does not. */
type Known = readonly [name: string, help: string, read: (relay: Relay) => number | boolean | null | undefined];

const KNOWN: readonly Known[] = [
  ["relay_active", "Whether it is the one that acts.", ({ role }) => role && role === "active"],
  ["relay_watching", "Whether it watches Teleport.", ({ watching }) => watching],
  ["relay_audit_writable", "Whether it can write its audit log.", ({ audit }) => audit?.writable],
  [
    "relay_certificate_expiry_timestamp_seconds",
    "When its Teleport certificate ends.",
    ({ certificateExpiresMs: atMs }) => atMs && atMs / 1000,
  ],
];

/** Every family about relays. Of those that are away the one is told of that was the last to act. */
export function relayFamilies({ relays, session }: ClusterCondition, answers: Answers): Family[] {
  const away = session ? [{ ...session, ...session.hello }] : [NOBODY];
  const up: Known = ["relay_up", "Whether it has answered this scrape.", ({ instance }) => answers.has(instance)];
  const own = [up, ...KNOWN].map((known) => knownFamily(known, relays.length > 0 ? relays : away));
  const names = new Set(own.map(({ name }) => name));
  const told = relays
    .flatMap((relay) => (answers.get(relay.instance) ?? []).map((family) => ofRelay(family, relay)))
    // What the edge tells no relay tells otherwise.
    .filter(({ name }) => !names.has(name));
  return [...own, ...[...Map.groupBy(told, ({ name }) => name).values()].flatMap(merged)];
}

const NOBODY: Relay = { relayKey: "", instance: "", certificateExpiresMs: null };

function knownFamily([name, help, read]: Known, relays: readonly Relay[]): Family {
  const samples = relays.flatMap((relay): Sample[] => {
    const value = read(relay) ?? null;
    return value === null ? [] : [[labelsOf(relay), Number(value)]];
  });
  return familyOf("gauge", name, help, samples);
}

// Of several releases the first says what a metric is.
function merged(families: readonly Family[]): Family[] {
  const [first] = families;
  if (first === undefined) return [];
  return [{ ...first, samples: families.filter(({ type }) => type === first.type).flatMap(({ samples }) => samples) }];
}

function ofRelay(family: Family, relay: Relay): Family {
  const samples = family.samples.map(([own, value, part]): Sample => [[...labelsOf(relay), ...own], value, part]);
  return { ...family, samples };
}

function labelsOf({ relayKey, instance }: Relay): Sample[0] {
  return instance === ""
    ? []
    : [
        ["key", relayKey],
        ["relay_instance", instance],
      ];
}
