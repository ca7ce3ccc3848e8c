/**
 * The bare clients that the relay is compared with: the same calls in sequence over one mTLS connection, the same list, a
 * WebSocket that acknowledges at once, a watch that pages without asking anybody. They decide nothing and keep nothing.
 */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { WebSocket } from "ws";
import { Operation, RequestState } from "../../../relay/gen/teleport_pb.ts";
import { BareClient } from "../../fakes/teleport/client.ts";
import { API_KEY, PEOPLE, SERVICE } from "../../stage/stage.ts";
import { deliveryOf } from "../deliveries.ts";
import { HttpPool, postBytes } from "../http-client.ts";
import { monotonicMs } from "../monotonic.ts";
import { perform } from "./actor.ts";

/** About what the audit log takes for one decision, in bytes. */
const LINE_BYTES = 2_500;

/** As many as the relay asks for. */
const PAGE_LENGTH = 2_000;

let client: BareClient;
let file: FileHandle;
let socket: WebSocket | undefined;
let ackedCount = 0;
let lastAckedMs = 0;

/** What it can be asked. */
const deeds = {
  /** Connects with the credentials in a folder, and opens a file there to be synced. */
  async connect(address: string, directory: string): Promise<void> {
    const [cas = "", certificate = "", key = ""] = await Promise.all(
      ["auth.cas", "auth.crt", "auth.key"].map((name) => readFile(join(directory, name), "utf8")),
    );
    client = new BareClient(address, cas, { certificate, key });
    file = await open(join(directory, "bare-audit.jsonl"), "a", 0o600);
    await client.call("ping", {});
  },

  /** Decides each request by the calls that the relay makes for it, one after another; when each was begun. */
  async decide(requestIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const begunMs = new Map<string, number>();
    const line = Buffer.alloc(LINE_BYTES, "a");
    for (const id of requestIds) {
      begunMs.set(id, monotonicMs());
      const of = { kind: "access_request", resource: id, plugin: "pagerduty" };
      await client.call("listAccessRequests", { filter: { id }, limit: PAGE_LENGTH });
      await client.call("getPluginData", of);
      await file.write(line);
      await file.datasync();
      const claim = `approve ${crypto.randomUUID()} ${id}`;
      await client.call("updatePluginData", { ...of, set: { decision: claim }, expect: { decision: "" } });
      await client.call("setAccessRequestState", { id, state: RequestState.APPROVED, reason: "go ahead" });
    }
    return begunMs;
  },

  /** Appends and syncs so often; how long each took, in ms. */
  async sync(count: number): Promise<number[]> {
    const line = Buffer.alloc(LINE_BYTES, "a");
    const tookMs: number[] = [];
    for (let written = 0; written < count; written++) {
      const beganMs = monotonicMs();
      await file.write(line);
      await file.datasync();
      tookMs.push(monotonicMs() - beganMs);
    }
    return tookMs;
  },

  /** Lists everything pending; how long it took, in ms, and how many there were. */
  async list(): Promise<{ ms: number; count: number }> {
    const beganMs = monotonicMs();
    let startKey = "";
    let count = 0;
    do {
      const filter = { state: RequestState.PENDING };
      const { value } = await client.call("listAccessRequests", { filter, limit: PAGE_LENGTH, startKey });
      count += value?.accessRequests.length ?? 0;
      startKey = value?.nextKey ?? "";
    } while (startKey !== "");
    return { ms: monotonicMs() - beganMs, count };
  },

  /** Opens the WebSocket and acknowledges whatever comes. */
  async attach(url: string): Promise<void> {
    const attached = new WebSocket(url, { perMessageDeflate: false });
    socket = attached;
    attached.on("message", () => {
      attached.send('{"type":"ack"}');
      ackedCount += 1;
      lastAckedMs = monotonicMs();
    });
    await new Promise((resolve, reject) => attached.once("open", resolve).once("error", reject));
  },

  /** How much was acknowledged in all, and when the last was. */
  async acked(): Promise<{ count: number; lastMs: number }> {
    return { count: ackedCount, lastMs: lastAckedMs };
  },

  /** Closes the WebSocket in good order: its Worker would wait for that when it is to end. */
  async detach(): Promise<void> {
    const attached = socket;
    socket = undefined;
    if (attached === undefined || attached.readyState === attached.CLOSED) return;
    const closed = new Promise((resolve) => attached.once("close", resolve));
    attached.close();
    await closed;
  },

  /** Watches so many requests being made; makes one row durable at `insertUrl` and asks PagerDuty for an incident each. */
  async page(count: number, insertUrl: string, pagerDutyUrl: string): Promise<void> {
    const watch = client.watch({ kinds: [{ kind: "access_request" }] });
    await watch.next();
    standing?.();
    const work: Promise<void>[] = [];
    while (work.length < count) {
      const event = await watch.next();
      if (event?.type !== Operation.PUT || event.resource.case !== "accessRequest") continue;
      work.push(pageOne(event.resource.value.metadata?.name ?? "", new URL(insertUrl), new URL(pagerDutyUrl)));
    }
    await Promise.all(work);
    watch.cancel();
  },

  /** Resolves once {@link page} watches. */
  watches(): Promise<void> {
    return new Promise((resolve) => {
      standing = resolve;
    });
  },
};

export type BareDeeds = typeof deeds;

let standing: (() => void) | undefined;
const pools = new Map<string, HttpPool>();

async function pageOne(requestId: string, insertUrl: URL, pagerDutyUrl: URL): Promise<void> {
  await sendTo(insertUrl, deliveryOf({ what: "approve", incidentId: requestId }, insertUrl));
  const incident = {
    type: "incident",
    title: "Access request",
    service: { id: SERVICE, type: "service_reference" },
    incident_key: `teleport-access-request/bare/${requestId}`,
  };
  const headers = {
    authorization: `Token token=${API_KEY}`,
    accept: "application/vnd.pagerduty+json;version=2",
    from: PEOPLE.bot.email,
  };
  await sendTo(pagerDutyUrl, postBytes(pagerDutyUrl, headers, JSON.stringify({ incident })));
}

async function sendTo(url: URL, request: Buffer): Promise<void> {
  const pool = pools.get(url.host) ?? new HttpPool(url);
  pools.set(url.host, pool);
  await pool.send(request);
}

perform(deeds);
