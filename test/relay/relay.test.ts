import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { parseConfig } from "../../relay/config.ts";
import { generateRelayKey } from "../../relay/link/relay-key.ts";
import { runRelay } from "../../relay/relay.ts";
import { systemClock } from "../../relay/time/clock.ts";
import { type AccessRequest, accessRequestSchema, digestOf } from "../../shared/access-request.ts";
import { createLogger } from "../../shared/log.ts";
import { familySchema } from "../../shared/metric-family.ts";
import { metricsText } from "../../shared/metrics.ts";
import { readExposition, sampleOf } from "../fakes/exposition.ts";
import { DEFAULT_GRANTS, type Grants } from "../fakes/teleport/users.ts";
import type { TeleportVersion } from "../fakes/teleport/versions.ts";
import { FakeTeleport } from "../fakes/teleport.ts";
import { BOB, INCIDENT_ID, noteBytes, SECRET, signedBy, wordOf } from "./clicks.ts";
import { WELCOME } from "./link/frames.ts";
import { type EdgeLink, ScriptedEdge } from "./link/scripted-edge.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Setting {
  readonly cluster?: string;
  readonly version?: TeleportVersion;
  readonly grants?: Grants;
}

/** A real relay between a stand-in Teleport and an edge that does as the test says. */
async function start({ cluster = "", version = "7.0", grants = DEFAULT_GRANTS }: Setting = {}) {
  const directory = mkdtempSync(join(tmpdir(), "relay-"));
  const [teleport, edge] = await Promise.all([FakeTeleport.start({ version }), ScriptedEdge.start()]);
  teleport.addUser("access-plugin", { grants });
  cleanups.push(
    () => teleport.stop(),
    () => edge.stop(),
  );
  const files = await teleport.writeIdentityFiles(directory);
  const [key, secrets] = [join(directory, "relay.key"), join(directory, "secrets")];
  writeFileSync(key, generateRelayKey().pem, { mode: 0o600 });
  writeFileSync(secrets, SECRET, { mode: 0o600 });
  const reading = parseConfig(`
[teleport]
addr = "127.0.0.1:${teleport.port}"
connect = "auth"
client_crt = "${files.certificate}"
client_key = "${files.key}"
root_cas = "${files.cas}"
[edge]
url = "${edge.url}"
cluster = "${cluster}"
key_file = "${key}"
[decisions]
webhook_secrets_file = "${secrets}"
[policy]
approvable_roles = ["*"]
approvers = ["${BOB}"]
audit_log = "${directory}/audit.jsonl"
[policy.users]
${BOB} = ["bob"]
`);
  if (reading.kind === "faults") throw new Error(reading.faults.join("\n"));
  const lines: string[] = [];
  const log = createLogger({ severity: "info", format: "text", now: () => 0, write: (line) => lines.push(line) });
  const stopping = new AbortController();
  const dependencies = { log, clock: systemClock, release: "0.0.0", env: {}, signal: stopping.signal };
  const running = runRelay(reading.config, dependencies);
  running.catch(() => {});
  cleanups.push(() => {
    stopping.abort();
    return running.catch(() => {});
  });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await running;
  };
  return { teleport, edge, lines, running, stop, auditLog: join(directory, "audit.jsonl") };
}

/** The next frame of one type; those of other types are passed over. */
async function next(link: EdgeLink, type: string): Promise<Record<string, unknown>> {
  for (;;) {
    const frame = await link.frames.next();
    if (frame.type === type) return frame;
  }
}

describe("the relay", () => {
  it("goes both journeys: a request is told and bound, a click is carried out and answered", async () => {
    const { teleport, edge, lines, stop, auditLog } = await start();
    const id = teleport.createRequest().metadata?.name ?? "";
    const link = await edge.links.next();
    const { teleport: server } = await next(link, "hello");
    const cluster = String((server as { cluster: string }).cluster);
    link.send(WELCOME);
    const told: AccessRequest = accessRequestSchema.parse((await next(link, "request")).request);
    expect(told.id).toBe(id);
    await next(link, "synced");

    const incidents = [{ service: "PIJ90N7", incident: INCIDENT_ID }];
    const digest = digestOf(cluster, told);
    link.send({ type: "bind", seq: 1, epoch: 3, requestId: id, digest, incidents });
    expect(await next(link, "bound")).toMatchObject({ requestId: id, result: "bound" });

    const evidence = signedBy(SECRET, noteBytes({ atMs: Date.now() }));
    const click = { type: "decide", seq: 2, epoch: 3, cluster, requestId: id, clickId: "EVENT1" };
    link.send({ ...click, evidence, word: wordOf() });
    expect(await next(link, "outcome")).toMatchObject({ outcome: { result: "applied", state: "APPROVED" } });
    link.send({ type: "report?", question: "scrape-2" });
    const { families } = await next(link, "metrics");
    expect(families).toContainEqual(
      expect.objectContaining({
        name: "teleport_pagerduty_relay_click_to_teleport_seconds",
        samples: expect.arrayContaining([[[], 1, "_count"]]),
      }),
    );
    await stop();
    const kinds = readFileSync(auditLog, "utf8").trim().split("\n");
    expect(kinds.map((line) => JSON.parse(line).kind)).toEqual(["intent", "outcome"]);
    for (const said of [`cluster ${cluster}`, "Edge connected", "Watcher connected"]) {
      expect(lines.filter((line) => line.includes(said))).toHaveLength(1);
    }
  });

  it("tells what it has counted and measured when somebody scrapes", async () => {
    const { teleport, edge } = await start();
    teleport.createRequest();
    const link = await edge.links.next();
    link.send(WELCOME);
    await next(link, "synced");
    link.send({ type: "report?", question: "scrape-1" });
    const { question, families } = await next(link, "metrics");
    expect(question).toBe("scrape-1");
    const read = readExposition(metricsText(z.array(familySchema).parse(families)));
    const value = (name: string, labels: Record<string, string> = {}) =>
      sampleOf(read, `teleport_pagerduty_relay_${name}`, labels);
    expect(value("build_info", { version: "0.0.0", node: process.versions.node })).toBe(1);
    expect([value("link_connections_total"), value("watch_connections_total"), value("pending_requests")]).toEqual([
      1, 1, 1,
    ]);
    expect(value("teleport_calls_total", { method: "ping", outcome: "ok" })).toBeGreaterThan(0);
    expect(value("resident_memory_bytes")).toBeGreaterThan(1e6);
    expect(value("log_messages_total", { severity: "error" })).toBe(0);
  });

  it("ends when it is meant for another cluster, and says what to mend", async () => {
    const { running } = await start({ cluster: "other.example.com" });
    await expect(running).rejects.toThrow(/edge\.cluster is "other\.example\.com".*Change edge\.cluster/);
  });

  it.each<[missing: string, version: TeleportVersion, grants: Grants, mend: RegExp]>([
    ["every right", "4.2.8", {}, /on "access_request"/],
    ["every right", "6.2", {}, /on "access_request"/],
    ["every right", "7.0", {}, /on "access_request"/],
    ["the right to update", "4.2.8", { access_request: ["list", "read"] }, /"update" on "access_request"/],
    ["the right to keep data", "7.0", { access_request: ["list", "read"] }, /"update" on "access_/],
    ["the right to list", "7.0", { access_request: ["read", "update"] }, /"list" on "access_request"/],
    ["the right to read", "18", { access_plugin_data: ["list", "read", "update"] }, /"read" on "access_request"/],
  ])("ends where its role lacks %s, and says what to mend: Teleport %s", async (_, version, grants, mend) => {
    const { running, lines } = await start({ version, grants });
    await expect(running).rejects.toThrow(mend);
    expect(lines.filter((line) => line.includes("Watcher connected"))).toEqual([]);
  });
});
